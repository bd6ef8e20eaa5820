import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  counterOf,
  memoryQuota,
  outputTokens,
  type QuotaStore,
  requests,
  spend,
  tokens,
} from '@tollgate/core';
import { newId, type QuotaCounter } from '@tollgate/core/internal';
import {
  acceptUnresolved,
  checkDailyUsage,
  database,
  type Ledger,
  ledger,
  registry,
  resolve,
  unresolvedAttempts,
  verifyLedger,
} from '@tollgate/postgres';
import { queried, type TestDatabase, usageEvent } from '@tollgate/testkit/databases';
import fc from 'fast-check';
import { reports } from '../src/index.js';

const startMs = Date.UTC(2026, 10, 30, 23, 50);
const leaseMs = 5_000;
const held = { inputTokens: 100, outputTokens: 900, costNanoUsd: 2_000 };
const estimate = { inputTokens: 100, outputTokens: 50, costNanoUsd: 300 };

describe.each(queried)('usage that is unknown, on $name', ({ start }) => {
  let server: TestDatabase;
  let books: Ledger;
  let nowMs = startMs;
  let store: QuotaStore;
  let tenants = 0;
  const now = (): number => nowMs;

  beforeAll(async () => {
    server = await start();
    books = ledger({ database: database(server.options) });
    store = memoryQuota({ sinks: [books], now });
  }, 150_000);
  afterAll(async () => {
    await store.end();
    await books.database.end();
    await server.end();
  }, 90_000);

  const limits = [
    spend('$0.00001/day').by('tenant'),
    tokens('50k/month').by('tenant'),
    outputTokens('50k/day').by('key'),
    requests('100/day').by('tenant'),
  ];
  const countersOf = (tenant: string): QuotaCounter[] => {
    const caller = { id: 'k', keyId: 'k', tenant, plan: 'p', scopes: [], labels: {} };
    return limits.map((limit) => counterOf(limit, { caller }));
  };
  const wants = [held.costNanoUsd, held.inputTokens + held.outputTokens, held.outputTokens, 1];
  const used = async (tenant: string): Promise<number[]> =>
    (await store.read(tenant, countersOf(tenant))).map((state) => state.used);

  /** An attempt whose process was killed: its lease is reaped. Resolves with its event's id. */
  async function lost(tenant: string): Promise<string> {
    const eventId = newId(nowMs);
    const charges = countersOf(tenant).map((counter, index) => ({
      ...counter,
      want: wants[index] ?? 0,
      floor: wants[index] ?? 0,
    }));
    const event = usageEvent(
      {
        ...{ eventId, tenant, source: 'estimated', uncertain: true },
        ...{ inputTokens: estimate.inputTokens, outputTokens: estimate.outputTokens },
        costNanoUsd: String(estimate.costNanoUsd),
        unresolvedNanoUsd: String(held.costNanoUsd - estimate.costNanoUsd),
      },
      nowMs,
    );
    const asked = { id: newId(nowMs), partition: tenant, attemptId: eventId, leaseMs };
    expect((await store.reserve({ ...asked, alternatives: [{ charges, event }] })).ok).toBe(true);
    nowMs += leaseMs;
    await used(tenant);
    await books.flush();
    return eventId;
  }
  const tenantNow = (): string => {
    tenants += 1;
    return `tenant-${tenants}`;
  };
  const costOf = async (tenant: string): Promise<string | undefined> => {
    const [line] = await reports({ database: books.database }).usage({
      ...{ from: '2026-11-01', to: '2027-01-01' },
      where: { tenant },
    });
    return line?.costNanoUsd;
  };

  it('keeps what was held on the counters, and is billed the estimate', async () => {
    const tenant = tenantNow();
    const eventId = await lost(tenant);
    expect(await used(tenant)).toEqual(wants);
    expect(await costOf(tenant)).toBe('300');
    expect(await unresolvedAttempts(books.database, { tenant })).toMatchObject([
      { eventId, tenant, costNanoUsd: '300', unresolvedNanoUsd: '1700' },
    ]);
  });

  it('is resolved once the actual usage is known: ledger and open counters are lowered to it, once', async () => {
    const tenant = tenantNow();
    const eventId = await lost(tenant);
    const actual = { inputTokens: 90, outputTokens: 200, costNanoUsd: 700 };
    const all = await Promise.all(
      [1, 2, 3].map(() => resolve(books.database, { eventId, actual, store, now })),
    );
    expect(all.filter(({ changed }) => changed)).toHaveLength(1);
    expect(await resolve(books.database, { eventId, actual, store, now })).toEqual({
      ...{ changed: false, eventId },
      ...{ costNanoUsd: '700', unresolvedNanoUsd: '0' },
    });
    expect(await used(tenant)).toEqual([700, 290, 200, 1]);
    expect(await costOf(tenant)).toBe('700');
    expect(await unresolvedAttempts(books.database, { tenant })).toEqual([]);
  });

  it('is bounded from above: the estimate stays, what is unresolved shrinks, step by step', async () => {
    const tenant = tenantNow();
    const eventId = await lost(tenant);
    for (const [costNanoUsd, left] of [
      [1_500, 1_200],
      [1_800, 1_200],
      [900, 600],
      [100, 0],
    ] as const) {
      const atMost = { inputTokens: 100, outputTokens: 900, costNanoUsd };
      const { unresolvedNanoUsd } = await resolve(books.database, { eventId, atMost, store, now });
      expect(unresolvedNanoUsd).toBe(String(left));
      expect((await used(tenant))[0]).toBe(300 + left);
      expect(await costOf(tenant)).toBe('300');
    }
  });

  it('raises counters where more was used than held', async () => {
    const tenant = tenantNow();
    const eventId = await lost(tenant);
    const actual = { inputTokens: 100, outputTokens: 2_000, costNanoUsd: 4_100 };
    await resolve(books.database, { eventId, actual, store, now });
    expect(await used(tenant)).toEqual([4_100, 2_100, 2_000, 1]);
  });

  it('is accepted by an operator, audited', async () => {
    for (const [as, expected] of [
      ['estimate', [300, 150, 50, 1]],
      ['zero', [0, 0, 0, 1]],
    ] as const) {
      const tenant = tenantNow();
      const eventId = await lost(tenant);
      const done = await acceptUnresolved(books.database, { eventId, as, actor: 'ann', store, now });
      expect(done).toMatchObject({ changed: true, unresolvedNanoUsd: '0' });
      expect(await used(tenant)).toEqual(expected);
      const [entry] = await registry({ database: books.database }).audit({ tenant });
      expect(entry).toMatchObject({
        ...{ actor: 'ann', action: 'usage.accept', subject: eventId },
        facts: { as, costNanoUsd: '300', unresolvedNanoUsd: '1700' },
      });
    }
  });

  it('is no longer on the counters of windows that are over, which stay', async () => {
    nowMs = Date.UTC(2026, 10, 30, 23, 59, 30);
    const tenant = tenantNow();
    const eventId = await lost(tenant);
    nowMs = Date.UTC(2026, 11, 1, 0, 0, 5);
    const actual = { inputTokens: 0, outputTokens: 0, costNanoUsd: 0 };
    await resolve(books.database, { eventId, actual, store, now });
    expect(await used(tenant)).toEqual([0, 0, 0, 0]);
    expect(await costOf(tenant)).toBe('0');
  });

  it('stays as it was where the ledger has no such event, or the figures are none', async () => {
    const actual = { inputTokens: 0, outputTokens: 0, costNanoUsd: 0 };
    await expect(resolve(books.database, { eventId: newId(), actual })).rejects.toThrow(RangeError);
    await expect(resolve(books.database, { eventId: "x' or true", actual })).rejects.toThrow(
      'no usage event',
    );
    await expect(resolve(books.database, { eventId: newId() })).rejects.toThrow('exactly one of');
    await expect(
      resolve(books.database, { eventId: newId(), actual: { ...actual, costNanoUsd: -1 } }),
    ).rejects.toThrow('"costNanoUsd"');
  });

  it('in random order: counters are what the ledger’s charges add up to, and nothing is ever negative', async () => {
    const figures = fc.record({
      inputTokens: fc.nat(200),
      outputTokens: fc.nat(1_500),
      costNanoUsd: fc.nat(3_000),
    });
    const step = fc.record({ attempt: fc.nat(2), final: fc.boolean(), figures });
    const property = fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const tenant = tenantNow();
      const ids = [await lost(tenant), await lost(tenant), await lost(tenant)];
      for (const { attempt, final, figures: known } of steps) {
        const eventId = ids[attempt] as string;
        const what = final ? { actual: known } : { atMost: known };
        await resolve(books.database, { eventId, ...what, store, now });
      }
      const counters = countersOf(tenant);
      const states = await store.read(tenant, counters);
      const windows = states.map(({ counter, window }) => ({ counter, window }));
      expect(await books.spentIn(windows)).toEqual(states.map((state) => state.used));
      for (const { used: amount } of states) expect(amount).toBeGreaterThanOrEqual(0);
      for (const { unresolvedNanoUsd } of await unresolvedAttempts(books.database, { tenant })) {
        expect(BigInt(unresolvedNanoUsd)).toBeGreaterThan(0n);
      }
    });
    await fc.assert(property, { seed: 20261122, numRuns: process.env.TOLLGATE_LONG ? 200 : 12 });
    expect(await verifyLedger(books.database, { now })).toEqual([]);
    expect(await checkDailyUsage(books.database, { now })).toEqual([]);
  }, 120_000);
});
