import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { database, type Ledger, ledger } from '@tollgate/postgres';
import { queried, type TestDatabase, usageEvent } from '@tollgate/testkit/databases';
import { type AdviceQuery, advice, type Pricing } from '../src/index.js';

const october = { from: '2026-10-01', to: '2026-11-01' } as const;
/** Half a nano-dollar a token, rounded up. */
const price: Pricing = (usage, { model }) =>
  model === 'cheap'
    ? { costNanoUsd: Math.ceil((usage.inputTokens + usage.outputTokens) / 2), priceVersion: 'x' }
    : undefined;

describe.each(queried)('advice on $name', ({ start }) => {
  let server: TestDatabase;
  let books: Ledger;
  beforeAll(async () => {
    server = await start();
    books = ledger({ database: database(server.options) });
    const asked = (promptHash: string, costNanoUsd: string, route: string, cachedInputTokens: number) =>
      usageEvent({ promptHash, costNanoUsd, route, model: 'gpt-5', inputTokens: 101, cachedInputTokens });
    await Promise.all(
      [
        ...['500', '700', '600'].map((cost) => asked('again', cost, '/faq', 50)),
        ...['10', '10'].map((cost) => asked('cheap-again', cost, '/faq', 0)),
        asked('once', '9000', '/draft', 0),
        usageEvent({ route: '/draft', model: 'other', inputTokens: 0 }),
        { ...asked('again', '0', '/faq', 0), outcome: 'error' as const, inputTokens: 0, outputTokens: 0 },
      ].map((event) => books.write(event)),
    );
  }, 150_000);
  afterAll(async () => {
    await books.database.end();
    await server.end();
  }, 90_000);

  const told = (query: Partial<AdviceQuery> = {}) => advice(books.database, { ...october, ...query });

  it('names prompts that were answered again and again, by hash, and what the repetitions cost', async () => {
    const { repeatedPrompts } = await told();
    expect(repeatedPrompts).toEqual([
      {
        tenant: 'acme',
        route: '/faq',
        model: 'gpt-5',
        promptHash: 'again',
        calls: 3,
        costNanoUsd: '1800',
        repeatedNanoUsd: '1100',
      },
      {
        tenant: 'acme',
        route: '/faq',
        model: 'gpt-5',
        promptHash: 'cheap-again',
        calls: 2,
        costNanoUsd: '20',
        repeatedNanoUsd: '10',
      },
    ]);
    expect((await told({ limit: 1 })).repeatedPrompts).toHaveLength(1);
  });

  it('tells how much of each route’s input was cached by the provider', async () => {
    expect((await told()).cachedInput).toEqual([
      {
        route: '/faq',
        provider: 'openai',
        model: 'gpt-5',
        inputTokens: 505,
        cachedInputTokens: 150,
        cachedShare: 150 / 505,
      },
      {
        route: '/draft',
        provider: 'openai',
        model: 'gpt-5',
        inputTokens: 101,
        cachedInputTokens: 0,
        cachedShare: 0,
      },
    ]);
  });

  it('tells what a cheaper model would have cost, as a hypothesis', async () => {
    const { cheaperModels } = await told({ cheaper: { 'gpt-5': 'cheap', other: 'unknown' }, price });
    expect(cheaperModels).toEqual([
      {
        isHypothesis: true,
        route: '/draft',
        model: 'gpt-5',
        instead: 'cheap',
        attempts: 1,
        costNanoUsd: '9000',
        wouldCostNanoUsd: '76',
        savedNanoUsd: '8924',
      },
      {
        isHypothesis: true,
        route: '/faq',
        model: 'gpt-5',
        instead: 'cheap',
        attempts: 5,
        costNanoUsd: '1820',
        wouldCostNanoUsd: '380',
        savedNanoUsd: '1440',
      },
    ]);
    expect((await told()).cheaperModels).toEqual([]);
  });

  it.each([
    [{ cheaper: { a: 'b' } }, '"cheaper" needs "price"'],
    [{ cheaper: { a: 5 }, price }, '"cheaper" must be an object of model names'],
    [{ limit: 0 }, '"limit" must be'],
  ])('refuses the query %j', async (query, message) => {
    await expect(told(query as never)).rejects.toThrow(message);
  });
});
