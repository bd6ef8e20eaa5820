import { describe, expect, it } from '@jest/globals';
import { memoryProviders, type StatedLimit } from '@tollgate/core/internal';
import { createManualClock } from '@tollgate/testkit';
import { providerStoreContract } from '@tollgate/testkit/contracts';
import fc from 'fast-check';
import { createClient } from 'redis';
import { redisProviders } from '../src/index.js';
import { providersOn } from '../src/stores/redis-providers.js';
import { newPrefix, useCluster, useRedis } from './servers.js';

const redis = useRedis();
const startMs = Date.parse('2026-11-21T12:30:00Z');

providerStoreContract('on Redis', async () => {
  const settings = { prefix: newPrefix(), deadlineMs: 5_000 };
  const { now, advance } = createManualClock(startMs);
  const second = createClient({ url: redis().process.url });
  await second.connect();
  return {
    store: providersOn({ client: redis().client, ...settings }, now),
    other: providersOn({ client: second, ...settings }, now),
    advance,
    end: async () => second.destroy(),
  };
});

describe('redisProviders()', () => {
  const tenants = fc.constantFrom('a', 'b', 'c');
  const sizes = fc.record({ requests: fc.constant(1), tokens: fc.integer({ min: 0, max: 400 }) });
  const limits = fc.record({
    unit: fc.constantFrom<StatedLimit['unit']>('requests', 'tokens'),
    limit: fc.constantFrom(5, 60, 1_000),
    remaining: fc.integer({ min: 0, max: 60 }),
    resetMs: fc.option(fc.integer({ min: 0, max: 90_000 }), { nil: undefined }),
  });
  const steps = fc.oneof(
    fc.record({
      take: fc.array(fc.record({ tenant: tenants, size: sizes }), { minLength: 1, maxLength: 6 }),
    }),
    fc.record({
      limits: fc.array(limits, { maxLength: 2 }),
      of: fc.option(fc.nat(20), { nil: undefined }),
      restMs: fc.constantFrom(undefined, undefined, 700),
    }),
    fc.record({ giveBack: fc.nat(20) }),
    fc.record({ advance: fc.constantFrom(0, 1, 250, 1_000, 7_000, 130_000) }),
  );

  it('decides as the store in memory does, whatever is asked and stated', async () => {
    const { client } = redis();
    let given = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 40 }), async (plan) => {
        const { now, advance } = createManualClock(startMs);
        const here = memoryProviders({ nowMs: now });
        const there = providersOn({ client, prefix: newPrefix(), deadlineMs: 5_000 }, now);
        const turns = [];
        for (const step of plan) {
          if ('advance' in step) advance(step.advance);
          else if ('giveBack' in step) {
            const [mine, theirs] = turns[step.giveBack] ?? [];
            if (mine) here.giveBack('x', mine);
            if (theirs) await there.giveBack('x', theirs);
          } else if ('take' in step) {
            const [mine, theirs] = [here.take('x', step.take), await there.take('x', step.take)];
            const isGiven = mine.taken.map((turn) => turn !== undefined);
            expect(theirs.taken.map((turn) => turn !== undefined)).toEqual(isGiven);
            expect(theirs.waitMs).toBe(mine.waitMs);
            given += isGiven.filter(Boolean).length;
            refused += isGiven.filter((one) => !one).length;
            for (const [at, turn] of mine.taken.entries()) if (turn) turns.push([turn, theirs.taken[at]]);
          } else {
            const { of, ...stated } = step;
            const [mine, theirs] = (of === undefined ? undefined : turns[of]) ?? [];
            here.state('x', { ...stated, taken: mine });
            await there.state('x', { ...stated, taken: theirs });
          }
        }
      }),
      { numRuns: process.env.TOLLGATE_LONG ? 3_000 : 150, seed: 20_261_122 },
    );
    expect(Math.min(given, refused)).toBeGreaterThan(100);
  }, 120_000);

  it('keeps its own time by the server, and leaves nothing behind for good', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const store = redisProviders({ client, prefix, deadlineMs: 5_000 });
    await store.state('x', { limits: [{ unit: 'requests', limit: 100, remaining: 0, resetMs: 1_000 }] });
    await store.openBreaker('x', 60_000);
    const call = { tenant: 'a', size: { requests: 1 } };
    expect((await store.take('x', [call, call])).waitMs).toBeGreaterThan(0);
    while ((await store.take('x', [call])).taken[0] === undefined);
    const keys = await client.keys(`${prefix}:*`);
    expect(keys).toHaveLength(2);
    for (const key of keys) expect(await client.pTTL(key)).toBeGreaterThan(500_000);
  });

  it('throws at start for a wrong or misspelt option', () => {
    expect(() => redisProviders({})).toThrow('exactly one of "client"');
    expect(() => redisProviders({ prefixx: 'a' } as never)).toThrow('did you mean "prefix"?');
  });
});

describe('redisProviders() on a cluster', () => {
  const cluster = useCluster();

  it('keeps each allowance on the master of its slot, and the breakers on theirs', async () => {
    const store = redisProviders({ cluster: cluster(), deadlineMs: 5_000 });
    for (let model = 0; model < 12; model += 1) {
      await store.state(`model ${model}`, {
        limits: [{ unit: 'requests', limit: 1, remaining: 0, resetMs: 60_000 }],
      });
      const { taken } = await store.take(`model ${model}`, [{ tenant: 'a', size: { requests: 1 } }]);
      expect(taken).toEqual([undefined]);
    }
    await store.openBreaker('x', 60_000);
    expect(await store.openBreakers()).toMatchObject([{ id: 'x' }]);
  });
});
