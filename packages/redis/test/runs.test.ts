import { describe, expect, it } from '@jest/globals';
import type { QuotaStore } from '@tollgate/core';
import type { ChargeResult, QuotaCounter, ReserveResult } from '@tollgate/core/internal';
import {
  bucketCounter,
  calendar,
  itemFor,
  liveCounter,
  quotaCounter,
  usageEvent,
} from '@tollgate/testkit/contracts';
import fc from 'fast-check';
import { newPrefix, quotaOn, useRedis } from './servers.js';

const redis = useRedis();
const long = process.env.TOLLGATE_LONG === '1';
const run = long ? { numRuns: 5_000 } : { numRuns: 60, seed: 20_261_122 };
const partition = 'acme';

const day = quotaCounter('usd/day/tenant=acme', 40);
const keyDay = quotaCounter('usd/day/tenant=acme/key=1', 12);
const keyMonth = quotaCounter('usd/month/tenant=acme/key=1', 30);
const keyHour = quotaCounter('usd/hour/tenant=acme/key=1', 20, { window: calendar('hour') });
const keyMinute = quotaCounter('usd/minute/tenant=acme/key=1', 9, { window: calendar('minute') });
const bucket = bucketCounter('tokens/minute/tenant=acme/key=1', { rate: 60, periodMs: 60_000, burst: 20 });
const live = liveCounter('concurrent/tenant=acme', 6);
/** What requests ask of: alike, of the same scope, of the same counters and others, of none that another has. */
const shapes: readonly (readonly QuotaCounter[])[] = [
  [keyDay, bucket],
  [keyDay, keyMonth],
  [keyMonth, day, live],
  [day],
  [live, keyDay],
  [keyMinute, keyHour, keyDay, keyMonth, bucket],
];

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('reserve' as const),
      id: fc.nat(30),
      shape: fc.nat(5),
      want: fc.nat(5),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('charge' as const),
      id: fc.nat(30),
      amount: fc.nat(6),
      close: fc.boolean(),
    }),
  },
);
/** What comes in one turn of the event loop, and how much time passes then. */
const turn = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 12 }),
  passMs: fc.constantFrom(0, 50, 3_000, 11_000, 40_000),
});

type Turn = typeof turn extends fc.Arbitrary<infer Value> ? Value : never;

/** Everything that a store answers, and how its counters stand in the end. */
async function played(turns: readonly Turn[], batchSize: number, patch?: (source: string) => string) {
  const { client } = redis();
  const options = { client, prefix: newPrefix(), batchSize, partitions: 1, thresholds: [0.9] };
  const { store, advance, events } = quotaOn(options, undefined, patch);
  const told: unknown[] = [];
  const asked = new Map<number, Extract<ReserveResult, { ok: true }> & { shape: number }>();
  try {
    for (const counters of shapes) {
      // What begins a counter is not the plain case.
      const id = `before ${counters.map(({ counter }) => counter).join()}`;
      const charges = counters.map((counter) => ({ ...counter, want: 1 }));
      await store.reserve({ id, partition, alternatives: [{ charges }], leaseMs: 10_000 });
      await store.close({ id, partition });
    }
    for (const { steps, passMs } of turns) {
      const answers = await Promise.all(
        steps.map(async (one): Promise<ReserveResult | ChargeResult | undefined> => {
          const id = `request ${one.id}`;
          if (one.kind === 'reserve') {
            const charges = (shapes[one.shape] ?? []).map((counter) => ({
              ...counter,
              want: one.want,
              floor: 1,
            }));
            const event = usageEvent({ eventId: id });
            const alternatives = [{ charges, event }];
            const result = await store.reserve({
              id,
              partition,
              attemptId: id,
              alternatives,
              leaseMs: 10_000,
            });
            if (result.ok) asked.set(one.id, { ...result, shape: asked.get(one.id)?.shape ?? one.shape });
            return result;
          }
          return charged(store, id, asked.get(one.id), one.amount, one.close);
        }),
      );
      told.push(answers);
      await advance(passMs);
    }
    told.push(
      await store.read(partition, shapes.flat()),
      (await events()).map(({ eventId }) => eventId).sort(),
    );
  } finally {
    await store.end();
  }
  return told;
}

async function charged(
  store: QuotaStore,
  id: string,
  admitted: (Extract<ReserveResult, { ok: true }> & { shape: number }) | undefined,
  amount: number,
  close: boolean,
): Promise<ChargeResult | undefined> {
  const counters = admitted && shapes[admitted.shape];
  if (!counters) return undefined;
  const items = admitted.grants.flatMap((grant) => {
    const counter = counters.find((one) => one.counter === grant.counter);
    return counter ? [itemFor(counter, grant, amount)] : [];
  });
  return store.charge({ id, partition, attemptId: id, items, event: usageEvent({ eventId: id }), close });
}

/** Whether it makes no difference what comes together. A script that fails does. */
const isSame = async (turns: readonly Turn[], patch: (source: string) => string): Promise<boolean> => {
  const together = await played(turns, 32, patch).catch(() => undefined);
  return JSON.stringify(together) === JSON.stringify(await played(turns, 1));
};

describe('operations that come together', () => {
  it('are answered as if each came by itself, and leave the same behind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 5 }), async (turns) => {
        expect(await played(turns, 32)).toEqual(await played(turns, 1));
      }),
      run,
    );
  }, 900_000);

  const bugs: readonly [name: string, find: string, replace: string][] = [
    ['one that is not written', 'if runTook then', 'if false then'],
    ['one that goes on with other counters', 'if shape ~= run then', 'if not run then'],
    ['figures that do not go on', 'figures[i] = values[done]', 'local _ = values[done]'],
    [
      'one that is not written before another is read',
      'if shape ~= run then\n    if runTook',
      'if shape ~= run then\n    if false',
    ],
  ];
  for (const [name, find, replace] of bugs) {
    it(`are not when a run of them has a bug: ${name}`, async () => {
      let applied = 0;
      const patch = (source: string): string => {
        const patched = source.replaceAll(find, replace);
        if (patched !== source) applied += 1;
        return patched;
      };
      const samples = fc.sample(fc.array(turn, { minLength: 3, maxLength: 5 }), { seed: 1, numRuns: 30 });
      let same = true;
      for (const turns of samples) same &&= await isSame(turns, patch);
      expect(same).toBe(false);
      expect(applied).toBeGreaterThan(0);
    });
  }
});
