import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { memoryQuota, type QuotaStore } from '@tollgate/core';
import { newId, type QuotaCounter } from '@tollgate/core/internal';
import { type PostgresProcess, startPostgres } from '@tollgate/testkit';
import { usageEvent } from '@tollgate/testkit/databases';
import { type Ledger, ledger } from '../src/index.js';

const now = Date.now();
const day = new Date(now).toISOString().slice(0, 10);
const perDay: QuotaCounter = {
  counter: 'usd/day/tenant=acme',
  unit: 'usd',
  limit: 1_000,
  wide: false,
  soft: false,
  window: { kind: 'calendar', period: 'day', timeZone: 'UTC', anchorDay: 1 },
};
const perMonth: QuotaCounter = {
  ...perDay,
  counter: 'usd/month/tenant=acme',
  limit: 5_000,
  window: { kind: 'calendar', period: 'month', timeZone: 'UTC', anchorDay: 1 },
};

/** What a process that spends `cost` writes down, through a store as the app has it. */
async function spend(store: QuotaStore, cost: number): Promise<boolean> {
  const [id, attemptId] = [newId(), newId()];
  const charges = [perDay, perMonth].map((counter) => ({ ...counter, want: cost }));
  const answer = await store.reserve({
    id,
    partition: 'acme',
    alternatives: [{ charges }],
    leaseMs: 60_000,
    attemptId,
  });
  if (!answer.ok) return false;
  const items = [perDay, perMonth].map((counter, index) => ({
    ...counter,
    windowId: answer.grants[index]?.window ?? '',
    amount: cost,
    release: cost,
  }));
  const spent = items.map(({ counter, windowId, amount }) => ({ counter, window: windowId, amount }));
  const event = { ...usageEvent({ costNanoUsd: String(cost), charges: spent }, now), eventId: attemptId };
  await store.charge({ id, partition: 'acme', attemptId, items, event, close: true });
  return true;
}

describe('counters in memory with a ledger', () => {
  let server: PostgresProcess;
  let directory: string;

  beforeAll(async () => {
    server = await startPostgres();
    directory = mkdtempSync(join(tmpdir(), 'tollgate-restored-'));
  }, 150_000);
  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const open = (): Ledger => ledger({ connectionString: server.url, spool: directory });

  it('go on after a restart where they were, what still waited in the spool included', async () => {
    const first = open();
    const before = memoryQuota({ sinks: [first], spent: first });
    expect([await spend(before, 300), await spend(before, 400), await spend(before, 400)]).toEqual([
      true,
      true,
      false,
    ]);
    await before.end();
    await first.close();

    await server.kill();
    const second = open();
    second.write(usageEvent({ charges: [{ counter: perDay.counter, window: day, amount: 100 }] }, now));
    await second.flush();
    await second.close(); // the database is away: the event stays in the spool
    await server.restart();

    const third = open();
    const after = memoryQuota({ sinks: [third], spent: third });
    expect(await after.read('acme', [perDay, perMonth])).toMatchObject([
      { used: 800, left: 200 },
      { used: 700, left: 4_300 },
    ]);
    expect([await spend(after, 201), await spend(after, 200), await spend(after, 1)]).toEqual([
      false,
      true,
      false,
    ]);
    await after.end();
    await third.flush();
    await third.close();

    const fourth = open();
    const windows = [
      { counter: perDay.counter, window: day },
      { counter: 'usd/day/tenant=nobody', window: day },
      { counter: perMonth.counter, window: day.slice(0, 7) },
    ];
    await fourth.openWindows();
    expect(await fourth.spentIn(windows)).toEqual([1_000, 0, 900]);
    await fourth.close();
  }, 150_000);

  it('admit nothing while the ledger cannot say what was spent, and begin as soon as it can', async () => {
    await server.kill();
    const books = open();
    const store = memoryQuota({ sinks: [books], spent: books });
    await expect(store.read('acme', [perDay])).rejects.toThrow();
    await server.restart();
    const until = Date.now() + 20_000;
    let state: unknown;
    while (state === undefined && Date.now() < until) {
      state = await store
        .read('acme', [perDay])
        .catch(() => new Promise((resolve) => setTimeout(resolve, 100)));
    }
    expect(state).toMatchObject([{ used: 1_000 }]);
    await store.end();
    await books.close();
  }, 150_000);
});
