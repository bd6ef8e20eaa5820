import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import { adjustmentEvent } from '@tollgate/core/internal';
import { checkDailyUsage, database, type Ledger, ledger, verifyLedger } from '@tollgate/postgres';
import { queried, type TestDatabase, usageEvent } from '@tollgate/testkit/databases';
import { type Pricing, reports, reprice } from '../src/index.js';

const october = { from: '2026-10-01', to: '2026-11-01' } as const;
const now = (): number => Date.UTC(2026, 9, 31);
const priceOf =
  (perToken: number, priceVersion: string): Pricing =>
  (usage, { model }) =>
    model === 'unknown'
      ? undefined
      : { costNanoUsd: perToken * (usage.inputTokens + usage.outputTokens), priceVersion };

describe.each(queried)('history on $name', ({ start }) => {
  let server: TestDatabase;
  let books: Ledger;
  const events: UsageEvent[] = Array.from({ length: 60 }, (_, index) =>
    usageEvent(
      {
        tenant: 'acme',
        model: index % 5 === 0 ? 'unknown' : 'gpt-5',
        inputTokens: 100 + index,
        costNanoUsd: String(1_000 * index),
      },
      Date.UTC(2026, 9, 3) + index * 7_200_000,
    ),
  );
  const corrected = events[7] as UsageEvent;
  const truth = { ...corrected, outputTokens: 7, costNanoUsd: '5' };

  beforeAll(async () => {
    server = await start();
    books = ledger({ database: database(server.options) });
    await Promise.all([...events, adjustmentEvent(corrected, truth, [])].map((event) => books.write(event)));
  }, 150_000);
  afterAll(async () => {
    await books.database.end();
    await server.end();
  }, 90_000);

  const known = [...events.filter(({ model }) => model === 'gpt-5'), truth].filter(
    (event) => event !== corrected,
  );
  const tokens = known.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0);
  const recorded = known.reduce((sum, { costNanoUsd }) => sum + BigInt(costNanoUsd), 0n);
  const costNow = async (): Promise<string | undefined> =>
    (await reports({ database: books.database }).usage({ ...october, where: { model: 'gpt-5' } }))[0]
      ?.costNanoUsd;

  it('is priced anew as a report, which changes nothing', async () => {
    const [first, other] = await reprice(books.database, { ...october, price: priceOf(3, 'b') });
    expect(first).toEqual({
      ...{ provider: 'openai', model: 'gpt-5', attempts: 48, unpricedAttempts: 0 },
      costNanoUsd: String(recorded),
      repricedNanoUsd: String(3 * tokens),
      differenceNanoUsd: String(BigInt(3 * tokens) - recorded),
      correctedAttempts: 0,
    });
    expect(other).toMatchObject({
      model: 'unknown',
      attempts: 12,
      unpricedAttempts: 12,
      differenceNanoUsd: '0',
    });
    expect(await costNow()).toBe(String(recorded));
  });

  it('is corrected by rows where that is asked for: twice or by two at once is as once, and back again is possible', async () => {
    const query = { ...october, price: priceOf(3, 'b'), apply: true, now };
    await Promise.all([reprice(books.database, query), reprice(books.database, query)]);
    expect(await costNow()).toBe(String(3 * tokens));
    expect((await reprice(books.database, query)).map(({ correctedAttempts }) => correctedAttempts)).toEqual([
      0, 0,
    ]);
    for (const [perToken, version] of [
      [4, 'c'],
      [3, 'b'],
      [4, 'c'],
    ] as const) {
      await reprice(books.database, { ...query, price: priceOf(perToken, version) });
      expect(await costNow()).toBe(String(perToken * tokens));
    }
    expect(await verifyLedger(books.database, { now })).toEqual([]);
    expect(await checkDailyUsage(books.database, { now })).toEqual([]);
    const rows = await books.database.query
      .selectFrom('usage_events')
      .selectAll()
      .where('adjusts', '=', corrected.eventId)
      .execute();
    expect(rows.map(({ price_version }) => price_version).sort()).toEqual([
      'b',
      'b',
      'c',
      'c',
      'genai-prices@0.1.8',
    ]);
    expect(rows.every(({ charges, kind }) => kind === 'adjustment' && charges.length === 0)).toBe(true);
  });

  it('of nothing is nothing, and a query without prices is refused', async () => {
    expect(
      await reprice(books.database, { from: '2020-01-01', to: '2020-02-01', price: priceOf(1, 'x') }),
    ).toEqual([]);
    await expect(reprice(books.database, { ...october } as never)).rejects.toThrow(
      'reprice: "price" is required',
    );
  });
});
