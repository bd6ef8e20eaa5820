import type { UsageEvent } from '@tollgate/core';
import {
  type QuotaCharge,
  type QuotaCounter,
  type ReserveResult,
  uncertainEvent,
} from '@tollgate/core/internal';
import type { ModelBooks } from './quota-model-books.js';

export interface ModelAttempt {
  readonly id: string;
  state: 'running' | 'reaped' | 'charged';
  costs: { counter: QuotaCounter; window: string; floor: number; running: number; charged: number }[];
  event: UsageEvent | undefined;
  covered: ReserveResult | undefined;
}

export interface ModelLease {
  readonly id: string;
  readonly leaseMs: number;
  state: 'live' | 'closed' | 'reaped';
  expiresAtMs: number;
  forgottenAtMs: number;
  readonly holds: { counter: QuotaCounter; window: string; amount: number }[];
  attempts: ModelAttempt[];
  readonly extensions: { charges: readonly QuotaCharge[]; answer: ReserveResult }[];
  readonly declared: string | undefined;
  answer: ReserveResult | undefined;
}

/** Gives back everything that a live lease holds. */
function giveBack(books: ModelBooks, lease: ModelLease, nowMs: number): void {
  for (const hold of lease.holds) {
    books.draw(hold.counter, -hold.amount, nowMs);
    hold.amount = 0;
  }
}

export function modelCloses(books: ModelBooks, lease: ModelLease, nowMs: number): void {
  if (lease.state !== 'live') return;
  giveBack(books, lease, nowMs);
  lease.state = 'closed';
  lease.forgottenAtMs = nowMs + 2 * lease.leaseMs;
  lease.attempts = lease.attempts.filter(({ state }) => state === 'charged');
  lease.extensions.length = 0;
}

/**
 * Charges every running attempt its heartbeat, and its floor out of the amounts held beyond all heartbeats; releases the rest; returns the
 * events to write.
 */
export function modelReaps(books: ModelBooks, lease: ModelLease, nowMs: number): UsageEvent[] {
  const events: UsageEvent[] = [];
  const running = lease.attempts.filter(({ state }) => state === 'running');
  const spare = lease.holds.map(({ counter, window, amount }) => {
    const costs = running.flatMap((attempt) => attempt.costs);
    const here = costs.filter((cost) => cost.counter.counter === counter.counter && cost.window === window);
    return Math.max(0, amount - here.reduce((sum, cost) => sum + cost.running, 0));
  });
  for (const attempt of running) {
    const charges = [];
    for (const cost of attempt.costs) {
      const at = lease.holds.findIndex(
        ({ counter, window }) => counter.counter === cost.counter.counter && window === cost.window,
      );
      const beyond = Math.min(Math.max(0, cost.floor - cost.running), spare[at] ?? 0);
      cost.charged = cost.counter.window.kind === 'live' ? 0 : cost.running + beyond;
      if (cost.charged === 0) continue;
      spare[at] = (spare[at] ?? 0) - beyond;
      books.reapInto(cost.counter, cost.window, cost.charged, nowMs);
      charges.push({ counter: cost.counter.counter, window: cost.window, amount: cost.charged });
    }
    attempt.state = 'reaped';
    if (!attempt.event) continue;
    attempt.event = uncertainEvent(attempt.event, charges, nowMs);
    events.push(attempt.event);
  }
  giveBack(books, lease, nowMs);
  lease.state = 'reaped';
  lease.forgottenAtMs = nowMs + Math.max(24 * 3_600_000, 2 * lease.leaseMs);
  lease.extensions.length = 0;
  return events;
}
