import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { definePlans, subscribe, type Usage, type UsageEvent } from '@tollgate/core';
import { adjustmentEvent, newId } from '@tollgate/core/internal';
import { database, type Ledger, ledger } from '@tollgate/postgres';
import { queried, type TestDatabase, usageEvent } from '@tollgate/testkit/databases';
import { type Pricing, simulate } from '../src/index.js';

const dayMs = 86_400_000;
const start = Date.UTC(2026, 9, 1);
const october = { from: '2026-10-01', to: '2026-11-01' } as const;

/** Nano-dollars a token: input, output. */
const perToken: Readonly<Record<string, readonly [number, number]>> = {
  'gpt-5': [1_250, 10_000],
  'gpt-5-mini': [250, 2_000],
};
const costOf = (
  model: string,
  { inputTokens, outputTokens }: Pick<Usage, 'inputTokens' | 'outputTokens'>,
): number => {
  const [input, output] = perToken[model] ?? [0, 0];
  return input * inputTokens + output * outputTokens;
};
const price: Pricing = (usage, { model }) =>
  model in perToken ? { costNanoUsd: costOf(model, usage), priceVersion: 'test' } : undefined;

/** Ten days of three tenants: requests of one or two attempts, at whole seconds, each a minute long; the same at every run. */
function history(): UsageEvent[] {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  return Array.from({ length: 700 }, (_, index) => {
    const admittedMs = start + Math.floor((((index * 10) / 700) * dayMs) / 1_000) * 1_000;
    const requestId = newId(admittedMs);
    const [tenant, model] = [
      ['acme', 'globex', 'initech'][random(3)] ?? '',
      ['gpt-5', 'gpt-5-mini'][random(2)] ?? '',
    ];
    return Array.from({ length: 1 + random(2) }, (_unused, attempt) => {
      const figures = { inputTokens: 500 + random(2_000), outputTokens: 100 + random(1_000) };
      return {
        ...usageEvent(
          { tenant, keyId: `${tenant}-key`, model, requestedModel: model, requestId, plan: 'free' },
          admittedMs + attempt,
        ),
        ...figures,
        attempt: attempt + 1,
        costNanoUsd: String(costOf(model, figures)),
        admittedAt: new Date(admittedMs).toISOString(),
        time: new Date(admittedMs + 60_000).toISOString(),
      };
    });
  }).flat();
}

const events = history();
const inOrder = [...events].sort((a, b) =>
  `${a.admittedAt} ${a.eventId}` < `${b.admittedAt} ${b.eventId}` ? -1 : 1,
);

/** What plain code says: requests refused, and what the others cost, where `admits` decides over each attempt. */
function independently(admits: (event: UsageEvent) => number | undefined) {
  const refused = new Map<string, string>();
  let cost = 0;
  for (const event of inOrder) {
    if (refused.has(event.requestId)) continue;
    const admitted = admits(event);
    if (admitted === undefined) refused.set(event.requestId, event.tenant);
    else cost += admitted;
  }
  return { refused, cost };
}

const totalCost = events.reduce((sum, { costNanoUsd }) => sum + BigInt(costNanoUsd), 0n);

describe.each(queried)('what-if on $name', ({ start: startDatabase }) => {
  let server: TestDatabase;
  let books: Ledger;

  beforeAll(async () => {
    server = await startDatabase();
    books = ledger({ database: database(server.options) });
    await Promise.all(events.map((event) => books.write(event)));
  }, 150_000);
  afterAll(async () => {
    await books.database.end();
    await server.end();
  }, 90_000);

  it('tells who would have been refused under a daily budget, and what that would have saved', async () => {
    const capNano = 100_000_000;
    const plans = definePlans({ free: { spend: { limit: '$0.10/day', by: 'tenant' } } });
    const spent = new Map<string, number>();
    const expected = independently(({ tenant, admittedAt, costNanoUsd }) => {
      const window = `${tenant} ${admittedAt.slice(0, 10)}`;
      const sum = (spent.get(window) ?? 0) + Number(costNanoUsd);
      if (sum > capNano) return undefined;
      spent.set(window, sum);
      return Number(costNanoUsd);
    });
    const told = await simulate(books.database, { ...october, plans });
    expect(expected.refused.size).toBeGreaterThan(20);
    expect(told.total).toMatchObject({
      requests: 700,
      attempts: events.length,
      refusedRequests: expected.refused.size,
      degradedAttempts: 0,
      costNanoUsd: String(totalCost),
      simulatedNanoUsd: String(expected.cost),
      savedNanoUsd: String(totalCost - BigInt(expected.cost)),
    });
    expect(told.refusals).toEqual([{ plan: 'free', limit: 'usd-day', requests: expected.refused.size }]);
    for (const { by, refusedRequests } of told.rows) {
      expect(refusedRequests).toBe([...expected.refused.values()].filter((one) => one === by.tenant).length);
    }
    expect(Math.max(...spent.values())).toBeLessThanOrEqual(capNano);
  });

  it('counts tokens and requests per window, and calls in flight, each attempt in the order of its admission', async () => {
    const plans = definePlans({
      free: { tokens: { limit: '30k/day', by: 'tenant' }, requests: { rate: '6/hour', by: 'global' } },
    });
    const tokens = new Map<string, number>();
    const seen = new Set<string>();
    let [level, levelMs] = [6, start];
    const expected = independently((event) => {
      const nowMs = Date.parse(event.admittedAt);
      // A bucket of 6, refilled by one every 600 000 ms.
      level = Math.min(6, level + (nowMs - levelMs) / 600_000);
      levelMs = nowMs;
      const window = `${event.tenant} ${event.admittedAt.slice(0, 10)}`;
      const sum = (tokens.get(window) ?? 0) + event.inputTokens + event.outputTokens;
      const isFirst = !seen.has(event.requestId);
      seen.add(event.requestId);
      if (sum > 30_000 || (isFirst && level < 1)) return undefined;
      if (isFirst) level -= 1;
      tokens.set(window, sum);
      return Number(event.costNanoUsd);
    });
    const told = await simulate(books.database, { ...october, plans, by: [] });
    expect(told.total).toMatchObject({
      refusedRequests: expected.refused.size,
      simulatedNanoUsd: String(expected.cost),
    });
    expect(told.refusals.map(({ limit }) => limit)).toContain('tokens-day');
    const alone = definePlans({ free: { concurrent: 1 } });
    const inFlight = await simulate(books.database, { ...october, plans: alone, by: [] });
    const second = events.filter(({ attempt }) => attempt === 2).length;
    expect(inFlight.total).toMatchObject({ refusedRequests: second, refusedAttempts: second });
  });

  it('goes down the ladder of a plan where a share of the cap is used, at the price of the other model', async () => {
    const plans = definePlans({
      tight: {
        spend: { limit: '$0.10/day', by: 'tenant' },
        degrade: [{ at: 0.4, model: { 'gpt-5': 'gpt-5-mini' }, maxOutputTokens: 200 }],
      },
    });
    const spent = new Map<string, number>();
    let degraded = 0;
    const expected = independently((event) => {
      const window = `${event.tenant} ${event.admittedAt.slice(0, 10)}`;
      const sum = spent.get(window) ?? 0;
      const smaller = { inputTokens: event.inputTokens, outputTokens: Math.min(200, event.outputTokens) };
      const [asItWas, cheap] = [Number(event.costNanoUsd), costOf('gpt-5-mini', smaller)];
      const changes = event.model === 'gpt-5' || event.outputTokens > 200;
      const full = !changes || (sum < 0.4 * 100_000_000 && sum + asItWas <= 100_000_000);
      const cost = full ? asItWas : cheap;
      if (sum + cost > 100_000_000) return undefined;
      degraded += Number(!full);
      spent.set(window, sum + cost);
      return cost;
    });
    const told = await simulate(books.database, { ...october, plans, planOf: () => 'tight', price });
    expect(degraded).toBeGreaterThan(50);
    expect(told.total).toMatchObject({
      degradedAttempts: degraded,
      refusedRequests: expected.refused.size,
      simulatedNanoUsd: String(expected.cost),
    });
  });

  it('prices history by another catalogue; what has no price there keeps its cost', async () => {
    const half: Pricing = (usage, of) =>
      of.model === 'gpt-5' ? { costNanoUsd: costOf('gpt-5', usage) / 2, priceVersion: 'half' } : undefined;
    const told = await simulate(books.database, { ...october, price: half, by: ['model'] });
    for (const { by, costNanoUsd, simulatedNanoUsd } of told.rows) {
      expect(BigInt(simulatedNanoUsd)).toBe(
        by.model === 'gpt-5' ? BigInt(costNanoUsd) / 2n : BigInt(costNanoUsd),
      );
    }
    expect(told.rows.map(({ by }) => by.model)).toEqual(['gpt-5', 'gpt-5-mini']);
  });

  it('takes an attempt for what its corrections made of it, and publishes nothing', async () => {
    const published: unknown[] = [];
    const stops = (['tollgate:reserve', 'tollgate:settle'] as const).map((name) =>
      subscribe(name, (facts) => published.push(facts)),
    );
    const uncertain = usageEvent({ tenant: 'fixed', plan: 'free', costNanoUsd: '900', uncertain: true });
    await books.write(uncertain);
    await books.write(adjustmentEvent(uncertain, { ...uncertain, costNanoUsd: '100', outputTokens: 10 }, []));
    const plans = definePlans({ free: { spend: '$0.000000100/day' } });
    const where = { tenant: 'fixed' };
    expect((await simulate(books.database, { ...october, where, plans })).total).toMatchObject({
      requests: 1,
      refusedRequests: 0,
      costNanoUsd: '100',
    });
    for (const stop of stops) stop();
    expect(published).toEqual([]);
  });

  it('refuses models that a plan has not', async () => {
    const plans = definePlans({ free: { models: ['gpt-5-*'] } });
    const told = await simulate(books.database, { ...october, plans, where: { model: 'gpt-5' } });
    expect(told.refusals).toEqual([
      { plan: 'free', limit: 'model_not_allowed', requests: told.total.requests },
    ]);
    expect(told.total.simulatedNanoUsd).toBe('0');
  });

  it.each([
    [{ ...october }, 'simulate: "plans" or "price" is required'],
    [
      { ...october, plans: definePlans({ a: { degrade: [{ at: 0.5, maxOutputTokens: 5 }] } }) },
      'plan "a" has degrade steps; "price" is required',
    ],
    [
      {
        ...october,
        plans: definePlans({ a: { spend: { limit: '$1/day', by: { name: 'city', of: () => 'x' } } } }),
      },
      'limit "usd-day" of plan "a" is by a scope of the app\'s own',
    ],
    [{ ...october, price, by: ['city'] }, '"by" must be an array'],
    [{ ...october, prices: {} }, 'did you mean "price"?'],
  ])('refuses what cannot be replayed: %#', async (query, message) => {
    await expect(simulate(books.database, query as never)).rejects.toThrow(message);
  });
});
