import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { definePlans } from '@tollgate/core';
import { database, type Ledger, ledger, type Registry, registry } from '@tollgate/postgres';
import { queried, type TestDatabase, usageEvent } from '@tollgate/testkit/databases';
import { type CapQuery, capUsage } from '../src/index.js';

const now = (): number => Date.UTC(2026, 9, 20, 12);
const plans = definePlans({
  pro: {
    spend: [
      { limit: '$10/month', by: 'tenant' },
      { limit: '$1/day', by: 'team', name: 'team-day' },
    ],
    tokens: [{ limit: '1k/day', by: 'key' }, '200k/min'],
    concurrent: 5,
  },
});

describe.each(queried)('usage against caps on $name', ({ start }) => {
  let server: TestDatabase;
  let books: Ledger;
  let known: Registry;
  beforeAll(async () => {
    server = await start();
    books = ledger({ database: database(server.options) });
    known = registry({ database: books.database, actor: 'test' });
    for (const [tenant, team, key, day, nano, tokens] of [
      ['acme', 'data', 'k1', 20, 2_000_000_000, 400],
      ['acme', 'data', 'k2', 20, 500_000_000, 900],
      ['acme', 'support', 'k3', 19, 3_000_000_000, 50],
      ['globex', undefined, 'k4', 20, 1_000_000_000, 10],
    ] as const) {
      const date = `2026-10-${day}`;
      const charges = [
        { counter: `usd/month/tenant=${tenant}`, window: '2026-10', amount: nano },
        { counter: `usd/day/tenant=${tenant}/team=${team ?? ''}`, window: date, amount: nano },
        { counter: `tokens/day/tenant=${tenant}/key=${key}`, window: date, amount: tokens },
      ];
      await books.write(usageEvent({ tenant, team, keyId: key, charges }, Date.UTC(2026, 9, day, 9)));
    }
  }, 150_000);
  afterAll(async () => {
    await books.database.end();
    await server.end();
  }, 90_000);

  const told = (query: Partial<CapQuery> = {}) => capUsage(books.database, { plans, now, ...query });
  const short = (caps: Awaited<ReturnType<typeof told>>) =>
    caps.map((one) => [one.tenant, one.team ?? one.key ?? '', one.limit, one.used, one.share]);

  it('tells used, cap, share, window and reset of each tenant, team and key, the fullest first', async () => {
    const caps = await told();
    expect(short(caps).slice(0, 4)).toEqual([
      ['acme', 'data', 'team-day', 2_500_000_000, 2.5],
      ['globex', '', 'team-day', 1_000_000_000, 1],
      ['acme', 'k2', 'tokens-day', 900, 0.9],
      ['acme', '', 'usd-month', 5_500_000_000, 0.55],
    ]);
    expect(caps[3]).toEqual({
      ...{
        tenant: 'acme',
        team: null,
        user: null,
        key: null,
        limit: 'usd-month',
        unit: 'usd',
        cap: 10_000_000_000,
      },
      ...{
        used: 5_500_000_000,
        share: 0.55,
        window: '2026-10',
        startsAt: '2026-10-01T00:00:00.000Z',
        resetsAt: '2026-11-01T00:00:00.000Z',
      },
      counter: expect.objectContaining({ counter: 'usd/month/tenant=acme', limit: 10_000_000_000 }),
    });
    // Two tenants' months, three teams' days and four keys' days; yesterday's are over.
    expect(caps).toHaveLength(9);
    expect(short(caps).at(-1)?.[4]).toBe(0);
  });

  it('follows overrides, and can be asked of one tenant and above a share', async () => {
    await known.overrides.set({ tenant: 'globex', kind: 'spend', limit: '$2/month' });
    const caps = await told({ tenant: 'globex', overrides: known.overrides, above: 0.5 });
    expect(short(caps)).toEqual([
      ['globex', '', 'team-day', 1_000_000_000, 1],
      ['globex', '', 'usd-month', 1_000_000_000, 0.5],
    ]);
    expect(await told({ tenant: "'; --\0" })).toEqual([]);
    await expect(told({ above: 2 })).rejects.toThrow('capUsage: "above" must be a number from 0 to 1');
  });
});
