import { cpus, loadavg } from 'node:os';
import { expect } from '@jest/globals';
import { counterOf, type QuotaStore, spend } from '@tollgate/core';
import type { CounterState } from '@tollgate/core/internal';
import type { Answer, App } from './app.js';
import type { AppState } from './app-settings.js';

/** The store's own deadline, and what the budget may take beyond it. */
export const deadlineMs = 150;
export const slackMs = 50;

/** A fault is a 503 that says when to come back: never a refusal of the caller, never a hang. */
export function expectUnverifiable({ status, code, retryAfter }: Answer): void {
  expect({ status, code }).toEqual({ status: 503, code: 'budget_unverifiable' });
  expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
  expect(Number(retryAfter)).toBeLessThanOrEqual(5);
}

/** What an app says of itself since the last look: every decision in time, its own standing still apart; no rejection unhandled. */
export async function expectInTime(app: App, what: string): Promise<AppState> {
  const state = await app.state();
  const slowest = Math.max(0, ...state.decisionsMs);
  process.stdout.write(
    `    ${what}: ${state.decisionsMs.length} decisions, slowest ${slowest.toFixed(0)} ms (event loop stood still ${state.lagMs.toFixed(0)} ms)\n`,
  );
  expect(state.decisionsMs.length).toBeGreaterThan(0);
  // A decision may meet the standing still twice: as its time is over, and as it is answered.
  expect(slowest).toBeLessThanOrEqual(deadlineMs + slackMs + 2 * state.lagMs);
  expect(state.unhandled).toEqual([]);
  return state;
}

/** How much longer everything takes on a machine that is asked for more than it has processors. */
const strain = (): number => Math.max(1, (loadavg()[0] ?? 0) / cpus().length);

/** Polls; how long it took, in ms. `withinMs` is of a machine that has nothing else to do. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
  what: string,
): Promise<number> {
  const startMs = performance.now();
  for (;;) {
    if (await condition()) return performance.now() - startMs;
    if (performance.now() - startMs > withinMs * strain())
      throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Asks until the app answers again, and says how long that took; within two seconds. */
export async function expectRecovery(app: App, what: string, tenant = 'acme'): Promise<void> {
  const tookMs = await until(async () => (await app.ask({ tenant })).status === 200, 2_000, what);
  process.stdout.write(`    ${what}: answers again after ${tookMs.toFixed(0)} ms\n`);
}

/** A tenant's money as any process sees it. */
export async function moneyOf(
  store: QuotaStore,
  tenant: string,
  limit = '$100/month',
): Promise<CounterState> {
  const caller = { id: tenant, keyId: tenant, tenant, plan: 'one', scopes: [], labels: {} };
  const [state] = await store.read(tenant, [counterOf(spend(limit), { caller })]);
  if (!state) throw new Error('the store has no such counter');
  return state;
}
