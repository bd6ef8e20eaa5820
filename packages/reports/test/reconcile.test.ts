import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Ledger, ledger } from '@tollgate/postgres';
import { databases, type TestDatabase, usageEvent } from '@tollgate/testkit/databases';
import fc from 'fast-check';
import { reconcile } from '../src/index.js';
import { nanoUsdOf, readProviderExport } from '../src/reconcile/provider-export.js';

const [postgres] = databases;
const second = (day: number): number => Date.UTC(2026, 9, day) / 1_000;
const iso = (day: number): string => new Date(Date.UTC(2026, 9, day)).toISOString();

/** A page of OpenAI's API: one bucket a day. */
const openAiPage = (results: readonly (readonly object[])[]) => ({
  object: 'page',
  data: results.map((one, index) => ({
    object: 'bucket',
    start_time: second(15 + index),
    end_time: second(16 + index),
    results: one,
  })),
  has_more: false,
  next_page: null,
});
const completions = (model: string | null, input: number, cached: number, output: number) => ({
  ...{ object: 'organization.usage.completions.result', input_tokens: input, input_cached_tokens: cached },
  ...{ output_tokens: output, num_model_requests: 1, model },
});
const costs = (value: number | string) => ({
  ...{ object: 'organization.costs.result', amount: { value, currency: 'usd' }, line_item: null },
});
const anthropicPage = (results: readonly object[]) => ({
  data: [{ starting_at: iso(15), ending_at: iso(16), results }],
  has_more: false,
});

describe('reconciliation with a provider', () => {
  let server: TestDatabase;
  let books: Ledger;

  beforeAll(async () => {
    if (!postgres) throw new Error('no database to test on');
    server = await postgres.start();
    books = ledger(server.options);
    const noon = (day: number) => Date.UTC(2026, 9, day, 12);
    const mini = { model: 'gpt-5-mini', inputTokens: 100, cachedInputTokens: 10, outputTokens: 50 };
    await books.write(usageEvent({ ...mini, costNanoUsd: '250000000' }, noon(15)));
    await books.write(usageEvent({ ...mini, costNanoUsd: '250000001' }, noon(15)));
    await books.write(usageEvent({ ...mini, model: 'gpt-5', costNanoUsd: '7', uncertain: true }, noon(16)));
    await books.write(usageEvent({ ...mini, costNanoUsd: '9' }, noon(20)));
    const claude = { provider: 'anthropic', model: 'claude-sonnet-5', inputTokens: 3_200, outputTokens: 500 };
    await books.write(usageEvent({ ...claude, cachedInputTokens: 200, costNanoUsd: '1237891200' }, noon(15)));
    await books.flush();
  }, 150_000);

  afterAll(async () => {
    await books.close();
    await server.end();
  });

  it('agrees by day and model where OpenAI counts the same tokens, and leaves other days and providers out', async () => {
    const page = openAiPage([[completions('gpt-5-mini', 200, 20, 100)], [completions('gpt-5', 100, 10, 50)]]);
    expect(await reconcile(books.database, [page])).toEqual([
      {
        ...{ day: '2026-10-15', model: 'gpt-5-mini', agrees: true, unconfirmedNanoUsd: '0' },
        inputTokens: { ledger: 200, provider: 200 },
        cachedInputTokens: { ledger: 20, provider: 20 },
        outputTokens: { ledger: 100, provider: 100 },
      },
      expect.objectContaining({ day: '2026-10-16', model: 'gpt-5', agrees: true, unconfirmedNanoUsd: '7' }),
    ]);
  });

  it('lists what differs, what only one side has, and adds up results and pages of one day', async () => {
    const pages = [
      openAiPage([[completions('gpt-5-mini', 100, 20, 60)]]),
      openAiPage([[completions('gpt-5-mini', 101, 0, 40), completions('gpt-4o', 5, 0, 5)]]),
    ];
    expect(await reconcile(books.database, pages)).toEqual([
      expect.objectContaining({ model: 'gpt-4o', agrees: false, inputTokens: { ledger: 0, provider: 5 } }),
      expect.objectContaining({
        model: 'gpt-5-mini',
        agrees: false,
        inputTokens: { ledger: 200, provider: 201 },
      }),
    ]);
  });

  it('compares costs by day where they are not told by model, to the nano-dollar', async () => {
    const same = openAiPage([[costs(0.25), costs('0.250000001')], [costs(7e-9)]]);
    expect(
      (await reconcile(books.database, [same])).map(({ day, model, agrees }) => [day, model, agrees]),
    ).toEqual([
      ['2026-10-15', null, true],
      ['2026-10-16', null, true],
    ]);
    const [line] = await reconcile(books.database, [openAiPage([[costs(0.5)]])]);
    expect(line).toMatchObject({
      agrees: false,
      costNanoUsd: { ledger: '500000001', provider: '500000000' },
    });
  });

  it('reads Anthropic’s usage, whose input comes in parts, and its costs, which are in cents', async () => {
    const usage = anthropicPage([
      {
        ...{
          model: 'claude-sonnet-5',
          uncached_input_tokens: 1_500,
          cache_read_input_tokens: 200,
          output_tokens: 500,
        },
        cache_creation: { ephemeral_1h_input_tokens: 1_000, ephemeral_5m_input_tokens: 500 },
      },
    ]);
    const cost = anthropicPage([{ model: 'claude-sonnet-5', amount: '123.78912', currency: 'USD' }]);
    for (const page of [usage, cost]) {
      const lines = await reconcile(books.database, [page]);
      expect(lines).toMatchObject([{ model: 'claude-sonnet-5', agrees: true }]);
    }
  });
});

describe('a provider’s export', () => {
  it.each([
    [[], 'holds no buckets'],
    [[{}], 'must have a list "data"'],
    [['text'], 'must be an object, received "text"'],
    [[{ data: [{ start_time: 5, end_time: 1 }] }], 'must have a start and an end'],
    [[{ data: [{ start_time: 0, end_time: 31 * 86_400 }] }], 'at most a day apart'],
    [[openAiPage([[{ input_tokens: -1 }]])], '"input_tokens" must be a number of tokens'],
    [[openAiPage([[{ ...costs(1), amount: { value: 1, currency: 'eur' } }]])], 'must be in USD'],
    [[openAiPage([[costs('1,5')]])], 'must be a decimal number'],
  ])('that is none is refused: %j', (pages, message) => {
    expect(() => readProviderExport(pages)).toThrow(message);
  });

  it('has amounts that are read exactly, however a number is written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), (nano) => {
        const size = (nano < 0n ? -nano : nano).toString().padStart(10, '0');
        const text = `${nano < 0n ? '-' : ''}${size.slice(0, -9)}.${size.slice(-9)}`;
        expect(nanoUsdOf(text, 'usd', 9)).toBe(nano);
      }),
      { seed: 11, numRuns: 300 },
    );
    expect([
      nanoUsdOf(5e-7, 'usd', 9),
      nanoUsdOf(1.5e3, 'USD', 9),
      nanoUsdOf('0.00000005', 'usd', 7),
    ]).toEqual([500n, 1_500_000_000_000n, 1n]);
  });
});
