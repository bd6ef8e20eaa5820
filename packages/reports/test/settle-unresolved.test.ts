import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@tollgate/core/internal';
import { database, type Ledger, ledger, registry, unresolvedAttempts } from '@tollgate/postgres';
import { queried, type TestDatabase, usageEvent } from '@tollgate/testkit/databases';
import { settleUnresolved } from '../src/index.js';

const dayMs = 86_400_000;
const firstMs = Date.UTC(2026, 6, 1);
const seconds = (ms: number): number => ms / 1_000;

/** A generator of numbers from 0 to 1, always the same for a seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const bucket = (fromMs: number, results: readonly object[]) => ({
  ...{ object: 'bucket', start_time: seconds(fromMs), end_time: seconds(fromMs + dayMs) },
  results,
});
const costsOf = (fromMs: number, nanoUsd: number) => ({
  object: 'page',
  data: [
    bucket(fromMs, [
      {
        object: 'organization.costs.result',
        amount: { value: (nanoUsd / 1e9).toFixed(9), currency: 'usd' },
      },
    ]),
  ],
});
const usageOf = (fromMs: number, input: number, output: number) => ({
  object: 'page',
  data: [
    bucket(fromMs, [
      {
        object: 'organization.usage.completions.result',
        input_tokens: input,
        output_tokens: output,
        model: 'gpt-5',
      },
    ]),
  ],
});

/** The same, but only of the day's first hour. */
const hourOf = ({ data }: ReturnType<typeof costsOf>) => ({
  data: data.map((one) => ({ ...one, end_time: one.start_time + 3_600 })),
});

describe.each(queried)(
  'attempts whose end is unknown, settled by the provider’s costs, on $name',
  ({ start }) => {
    let server: TestDatabase;
    let books: Ledger;
    let days = 0;
    beforeAll(async () => {
      server = await start();
      books = ledger({ database: database(server.options) });
    }, 150_000);
    afterAll(async () => {
      await books.close();
      await books.database.end();
      await server.end();
    }, 90_000);

    /** A day of its own for each test, long ago. */
    const nextDay = (): number => firstMs + (days++ % 25) * dayMs;
    const month = { window: '2026-07' };
    const counterOf = (tenant: string): string => `usd/month/tenant=${tenant}`;
    const tokensOf = (tenant: string): string => `tokens/month/tenant=${tenant}`;
    const spentBy = async (tenant: string): Promise<number[]> => [
      ...(await books.spentIn([
        { counter: counterOf(tenant), ...month },
        { counter: tokensOf(tenant), ...month },
      ])),
    ];

    /** Writes an attempt: settled at its cost, or unresolved beyond it. */
    async function attempt(
      atMs: number,
      tenant: string,
      cost: number,
      beyond = 0,
      provider = 'openai',
    ): Promise<string> {
      const tokens = { inputTokens: 10, cachedInputTokens: 0, outputTokens: cost };
      const charge = (counter: string, amount: number) => ({ counter, ...month, amount, unresolved: beyond });
      const charges = [
        charge(counterOf(tenant), cost + beyond),
        charge(tokensOf(tenant), 10 + cost + beyond),
      ];
      const event = usageEvent(
        {
          ...{ eventId: newId(atMs), tenant, provider, ...tokens, costNanoUsd: String(cost), charges },
          ...{ unresolvedNanoUsd: String(beyond), uncertain: beyond > 0 },
          ...(beyond > 0 && { source: 'estimated' as const }),
        },
        atMs,
      );
      await books.write(event);
      await books.flush();
      return event.eventId;
    }

    const settle = (pages: readonly unknown[], nowMs: number) =>
      settleUnresolved(books.database, { pages, exclusive: true, actor: 'ann', now: () => nowMs });

    it('of one tenant leaves its counter at what the provider billed, and changes no cost', async () => {
      const fromMs = nextDay();
      const noonMs = fromMs + dayMs / 2;
      for (const cost of [700, 300]) await attempt(noonMs, 'alone', cost);
      for (const beyond of [900, 50, 400]) await attempt(noonMs, 'alone', 100, beyond);
      // 1 000 known, 300 estimated, and up to 1 350 more.
      const told = await settle([costsOf(fromMs, 2_011)], fromMs + 10 * dayMs);
      expect(told).toEqual([
        {
          ...{ day: new Date(fromMs).toISOString().slice(0, 10), outcome: 'settled', attempts: 3 },
          ...{ providerNanoUsd: '2011', settledNanoUsd: '1000' },
          ...{ unresolvedBeforeNanoUsd: '1350', unresolvedAfterNanoUsd: '711' },
        },
      ]);
      expect(await spentBy('alone')).toEqual([2_011, 1_000 + 300 + 1_350 + 50]);
      const open = await unresolvedAttempts(books.database, { tenant: 'alone' });
      const shares = open.map((one) => Number(one.unresolvedNanoUsd)).sort((one, other) => one - other);
      // In proportion: 711 of 1 350. What rounding leaves goes to the last.
      for (const [index, beyond] of [50, 400, 900].entries()) {
        expect(Math.abs((shares[index] ?? 0) - (711 * beyond) / 1_350)).toBeLessThan(2);
      }
      expect(open.map((one) => one.costNanoUsd)).toEqual(['100', '100', '100']);
      // Twice is as once.
      expect(await settle([costsOf(fromMs, 2_011)], fromMs + 11 * dayMs)).toMatchObject([
        { outcome: 'settled', unresolvedBeforeNanoUsd: '711', unresolvedAfterNanoUsd: '711' },
      ]);
      expect((await spentBy('alone'))[0]).toBe(2_011);
    });

    it('of several tenants leaves each at no less than it can have cost', async () => {
      const fromMs = nextDay();
      await attempt(fromMs + dayMs / 2, 'first', 10, 500);
      await attempt(fromMs + dayMs / 2, 'second', 10, 90);
      await settle([costsOf(fromMs, 200)], fromMs + 10 * dayMs);
      // Either may have caused all 200; the second was charged 100 at most.
      expect([(await spentBy('first'))[0], (await spentBy('second'))[0]]).toEqual([200, 100]);
    });

    it('that were never billed cost nothing then, and the only one costs what is left, tokens too', async () => {
      const [fromMs, otherMs] = [nextDay(), nextDay()];
      await attempt(fromMs + dayMs / 2, 'never', 70, 500);
      await attempt(fromMs + dayMs / 2, 'never', 30);
      await settle([usageOf(fromMs, 10, 30), costsOf(fromMs, 30)], fromMs + 10 * dayMs);
      expect(await spentBy('never')).toEqual([30, 40]);
      const freeMs = nextDay();
      await attempt(freeMs + dayMs / 2, 'free', 70, 500);
      await attempt(freeMs + dayMs / 2, 'free', 30);
      // Tokens that cost nothing may have been used all the same.
      await settle([costsOf(freeMs, 30)], freeMs + 10 * dayMs);
      expect(await spentBy('free')).toEqual([30, 40 + 580]);
      await attempt(otherMs + dayMs / 2, 'only', 70, 500);
      await attempt(otherMs + dayMs / 2, 'only', 30);
      await settle([usageOf(otherMs, 22, 230), costsOf(otherMs, 330)], otherMs + 10 * dayMs);
      expect(await spentBy('only')).toEqual([330, 252]);
      expect(await unresolvedAttempts(books.database, { tenant: 'only' })).toEqual([]);
    });

    it('keep what they have where the account has other traffic, the day is too recent, or its costs are not told', async () => {
      const fromMs = nextDay();
      await attempt(fromMs + dayMs / 2, 'kept', 10, 500);
      const later = fromMs + 10 * dayMs;
      for (const [pages, nowMs, outcome] of [
        [[costsOf(fromMs, 511)], later, 'foreign traffic'],
        [[costsOf(fromMs, 100)], fromMs + 3 * dayMs - 1, 'too recent'],
        [[usageOf(fromMs, 10, 10)], later, 'no costs'],
        [[hourOf(costsOf(fromMs, 100))], later, 'no costs'],
      ] as const) {
        expect(await settle(pages, nowMs)).toMatchObject([{ outcome, unresolvedAfterNanoUsd: '500' }]);
        expect((await spentBy('kept'))[0]).toBe(510);
      }
    });

    it('near midnight keep what they have: the provider may count them on the next day', async () => {
      const fromMs = nextDay();
      nextDay();
      await attempt(fromMs + dayMs - 600_000, 'late', 10, 500);
      await attempt(fromMs + dayMs / 2, 'late', 10, 100);
      await settle([costsOf(fromMs, 50)], fromMs + 10 * dayMs);
      expect((await spentBy('late'))[0]).toBe(510 + 50);
      // A call that was settled within minutes of midnight may be billed on either day: it lowers nothing.
      const nextMs = nextDay();
      await attempt(nextMs + dayMs - 1_000, 'early', 400);
      await attempt(nextMs + dayMs / 2, 'early', 10, 300);
      await settle([costsOf(nextMs, 200)], nextMs + 10 * dayMs);
      expect((await spentBy('early'))[0]).toBe(400 + 200);
    });

    it('whatever the truth is: no tenant’s counter falls below its bill, and one tenant’s is its bill', async () => {
      const random = seeded(11);
      const upTo = (most: number): number => Math.floor(random() * (most + 1));
      for (let round = 0; round < 12; round += 1) {
        const fromMs = firstMs + round * dayMs;
        const provider = 'anthropic';
        const tenants = Array.from({ length: 1 + (round % 3) }, (_, index) => `r${round}-${index}`);
        const bills = new Map(tenants.map((tenant) => [tenant, 0]));
        for (const tenant of tenants) {
          for (let count = 0; count < 2 + upTo(4); count += 1) {
            const atMs = fromMs + 60_000 + upTo(20 * 3_600_000);
            const [known, beyond] = [upTo(1_000), upTo(1) * (1 + upTo(2_000))];
            await attempt(atMs, tenant, known, beyond, provider);
            bills.set(tenant, (bills.get(tenant) ?? 0) + known + upTo(beyond));
          }
        }
        const total = [...bills.values()].reduce((sum, bill) => sum + bill, 0);
        const ends = new Date(fromMs + dayMs).toISOString();
        const results = [{ amount: (total / 1e7).toFixed(7), currency: 'USD' }];
        const page = { data: [{ starting_at: new Date(fromMs).toISOString(), ending_at: ends, results }] };
        await settle([page], fromMs + 10 * dayMs);
        for (const tenant of tenants) {
          const [counted = 0] = await spentBy(tenant);
          expect(counted).toBeGreaterThanOrEqual(bills.get(tenant) ?? 0);
          if (tenants.length === 1) expect(counted).toBe(bills.get(tenant));
        }
      }
    });

    it('are settled only by who declares that the account is theirs alone, and audited', async () => {
      const fromMs = nextDay();
      const options = { pages: [costsOf(fromMs, 1)], actor: 'ann' };
      for (const exclusive of [false, undefined, 'yes']) {
        await expect(
          settleUnresolved(books.database, { ...options, exclusive } as unknown as {
            pages: unknown[];
            exclusive: true;
            actor: string;
          }),
        ).rejects.toThrow(exclusive === undefined ? '"exclusive" is required' : '"exclusive" must be true');
      }
      const changes = registry({ database: books.database });
      const trail = await changes.audit({ limit: 100 });
      expect(trail.some(({ action, actor }) => action === 'usage.settle' && actor === 'ann')).toBe(true);
    });
  },
);
