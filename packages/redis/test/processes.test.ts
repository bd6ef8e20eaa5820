import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { QuotaStore, UsageEvent } from '@tollgate/core';
import { bundledProgram } from '@tollgate/testkit/bundled-program';
import { outbox, redisQuota } from '../src/index.js';
import { newPrefix, useRedis } from './servers.js';
import { cap, spend, spendOfAll } from './spending.js';

const redis = useRedis();
const program = bundledProgram(import.meta.dirname, 'spending-process');

function spender(prefix: string, requests: number, leaseMs = 60_000, end = '', scope = ''): ChildProcess {
  const args = [program, redis().process.url, prefix, String(requests), String(leaseMs), end, scope];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** What a process says when it has done its requests. */
async function told(child: ChildProcess): Promise<{ admitted: number; spent: number }> {
  if (!child.stdout) throw new Error('the process has no output');
  const [line] = await once(child.stdout, 'data');
  return JSON.parse(String(line));
}

async function standing(store: QuotaStore, budget = spend): Promise<{ used: number; held: number }> {
  const [state] = await store.read('acme', [budget]);
  if (!state) throw new Error('the budget has no state');
  return { used: state.used, held: state.held };
}

describe('processes that share one budget', () => {
  it('never pass its cap, whenever one looks, and account for every unit', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const store = redisQuota({ client, prefix, outbox: true, deadlineMs: 10_000 });
    let done = false;
    let most = 0;
    const watching = (async () => {
      while (!done) {
        const { used, held } = await standing(store);
        most = Math.max(most, used + held);
      }
    })();
    const results = await Promise.all(Array.from({ length: 4 }, () => told(spender(prefix, 250))));
    done = true;
    await watching;
    expect(most).toBeGreaterThan(cap / 2);
    expect(most).toBeLessThanOrEqual(cap);
    const spent = results.reduce((sum, result) => sum + result.spent, 0);
    const admitted = results.reduce((sum, result) => sum + result.admitted, 0);
    expect(await standing(store)).toEqual({ used: spent, held: 0 });
    const events: UsageEvent[] = [];
    const delivery = outbox({ client, prefix, sinks: [{ write: (event) => void events.push(event) }] });
    await delivery.end();
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(admitted);
    expect(events.reduce((sum, { costNanoUsd }) => sum + Number(costNanoUsd), 0)).toBe(spent);
  });

  it('give back what one of them held that was killed, charge what it is known to have cost, and tell it once', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const store = redisQuota({ client, prefix, outbox: true, deadlineMs: 10_000, sweepEveryMs: 100 });
    const child = spender(prefix, 20, 1_000, 'hang');
    const { admitted } = await told(child);
    expect(admitted).toBe(20);
    const { held } = await standing(store);
    expect(held).toBeGreaterThan(0);
    child.kill('SIGKILL');
    const start = Date.now();
    while ((await standing(store)).held > 0 && Date.now() - start < 3_000) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await standing(store)).toEqual({ used: held, held: 0 });
    const events: UsageEvent[] = [];
    const delivery = outbox({ client, prefix, sinks: [{ write: (event) => void events.push(event) }] });
    await delivery.end();
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(20);
    expect(events).toHaveLength(20);
    expect(events.every(({ uncertain }) => uncertain)).toBe(true);
  });
});

describe('processes that share one budget of all tenants', () => {
  it('never pass its cap, whenever one looks, and account for every unit', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const store = redisQuota({ client, prefix, deadlineMs: 10_000 });
    let done = false;
    let most = 0;
    const watching = (async () => {
      while (!done) {
        const { used, held } = await standing(store, spendOfAll);
        most = Math.max(most, used + held);
      }
    })();
    const results = await Promise.all(
      Array.from({ length: 4 }, () => told(spender(prefix, 250, 60_000, '', 'global'))),
    );
    done = true;
    await watching;
    expect(most).toBeGreaterThan(cap / 2);
    expect(most).toBeLessThanOrEqual(cap);
    const spent = results.reduce((sum, result) => sum + result.spent, 0);
    expect(spent).toBeGreaterThan(cap / 4);
    expect(await standing(store, spendOfAll)).toEqual({ used: spent, held: 0 });
  });

  it('count what one of them had leased that was killed as spent, and hold nothing of it after the lease', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const store = redisQuota({ client, prefix, deadlineMs: 10_000, sweepEveryMs: 100 });
    const child = spender(prefix, 20, 1_000, 'hang', 'global');
    expect((await told(child)).admitted).toBe(20);
    const { held } = await standing(store, spendOfAll);
    expect(held).toBeGreaterThan(0);
    child.kill('SIGKILL');
    const start = Date.now();
    while ((await standing(store, spendOfAll)).held > 0 && Date.now() - start < 20_000) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const after = await standing(store, spendOfAll);
    expect(after.held).toBe(0);
    // At least what its requests had been admitted to; all of what it had leased.
    expect(after.used).toBe(held);
    expect(after.used).toBeLessThanOrEqual(cap);
  }, 90_000);
});
