import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LaneSettings, Waiter } from '../../src/lib/fair-lane.js';
import { FairQueue } from '../../src/lib/fair-queue.js';

const lane = (weight: number, rank: number, batch = false): LaneSettings => ({ weight, rank, batch });
const pro = lane(11, 111);
const free = lane(1, 101);
const freeBatch = lane(1, 0, true);

const filled = (queue: FairQueue<string>, position: number, tenant: string, count: number): void => {
  for (let index = 0; index < count; index += 1) queue.put(`${tenant}${index}`, position, tenant);
};
const served = (queue: FairQueue<string>, turns: number): string[] =>
  Array.from({ length: turns }, () => queue.take(true)?.item ?? 'nobody');

describe('a fair queue', () => {
  it('gives a plan of weight 11 eleven turns for each of a plan of weight 1', () => {
    const queue = new FairQueue<string>([free, pro], 1_000);
    filled(queue, 0, 'free', 100);
    filled(queue, 1, 'pro', 100);
    const names = served(queue, 60).map((item) => item.replace(/\d+$/, ''));
    expect(names.filter((name) => name === 'pro')).toHaveLength(55);
    expect(names.filter((name) => name === 'free')).toHaveLength(5);
  });

  it('serves a plan that has just begun to wait before one that has waited long', () => {
    const queue = new FairQueue<string>([free, pro], 1_000);
    filled(queue, 0, 'free', 50);
    served(queue, 20);
    filled(queue, 1, 'pro', 1);
    expect(served(queue, 2)).toEqual(['pro0', 'free20']);
  });

  it('does not let a plan save up turns while it does not wait', () => {
    const queue = new FairQueue<string>([lane(1, 101), lane(1, 102)], 1_000);
    filled(queue, 0, 'a', 100);
    served(queue, 40);
    filled(queue, 1, 'b', 40);
    const names = served(queue, 20).map((item) => item[0]);
    const turns = names.filter((name) => name === 'b').length;
    expect([10, 11]).toContain(turns);
  });

  it('lets tenants of one plan take turns, however many requests one of them sends', () => {
    const queue = new FairQueue<string>([free], 1_000);
    filled(queue, 0, 'loud', 50);
    filled(queue, 0, 'quiet', 2);
    expect(served(queue, 5)).toEqual(['loud0', 'quiet0', 'loud1', 'quiet1', 'loud2']);
  });

  it('serves batch work only where there is room for it and nobody else waits', () => {
    const queue = new FairQueue<string>([free, freeBatch], 1_000);
    filled(queue, 1, 'batch', 2);
    expect(queue.take(false)).toBeUndefined();
    filled(queue, 0, 'urgent', 1);
    expect(served(queue, 2)).toEqual(['urgent0', 'batch0']);
  });

  it('names the last to have come of the lowest plan as the one to give way', () => {
    const queue = new FairQueue<string>([free, pro, freeBatch], 6);
    filled(queue, 0, 'free', 3);
    filled(queue, 1, 'pro', 3);
    expect(queue.victimOf(1)?.item).toBe('free2');
    filled(queue, 2, 'batch', 1);
    expect(queue.victimOf(1)?.item).toBe('batch0');
    expect(queue.victimOf(0)?.item).toBe('batch0');
    expect(queue.victimOf(2)).toBeUndefined();
  });

  it('keeps for each plan its weight’s share of the permits to wait, also under a flood of one plan', () => {
    const queue = new FairQueue<string>([free, pro], 24);
    filled(queue, 1, 'pro', 24);
    expect(queue.victimOf(0)?.item).toBe('pro23');
    filled(queue, 0, 'free', 2);
    expect(queue.victimOf(0)).toBeUndefined();
    expect(queue.victimOf(1)).toBeUndefined();
    filled(queue, 0, 'more', 1);
    expect(queue.victimOf(1)?.item).toBe('more0');
  });

  it('is as if whoever was taken and put back had never left', () => {
    const queue = new FairQueue<string>([free, pro], 1_000);
    filled(queue, 0, 'free', 3);
    filled(queue, 1, 'pro', 3);
    const waiter = queue.take(true);
    if (waiter) queue.putBack(waiter);
    expect(queue.size).toBe(6);
    expect(served(queue, 6)).toEqual(['pro0', 'free0', 'pro1', 'pro2', 'free1', 'free2']);
  });
});

const weights = fc.array(fc.integer({ min: 1, max: 101 }), { minLength: 2, maxLength: 4 });

describe('whatever comes and goes, a fair queue', () => {
  it('keeps turns of lanes that wait in proportion to their weights, within one turn of each', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 300 }), (given, turns) => {
        const queue = new FairQueue<number>(
          given.map((weight, index) => lane(weight, 101 + index)),
          10_000,
        );
        const counts = given.map(() => 0);
        for (const index of given.keys())
          for (let n = 0; n <= turns; n += 1) queue.put(index, index, 'tenant');
        for (let turn = 0; turn < turns; turn += 1) {
          const served = queue.take(true)?.item ?? -1;
          counts[served] = (counts[served] ?? 0) + 1;
          const shares = counts.map((count, index) => count / (given[index] ?? 1));
          for (const [one, weight] of given.entries()) {
            const furthest = shares.findIndex(
              (share, other) =>
                Math.abs(share - (shares[one] ?? 0)) > 1 / weight + 1 / (given[other] ?? 1) + 1e-9,
            );
            if (furthest !== -1) throw new Error(`after ${turn + 1} turns: ${counts.join(', ')}`);
          }
        }
      }),
    );
  });

  it('starves nobody: each waiter is served within a number of turns that others cannot raise by sending more', () => {
    const arrivals = fc.array(
      fc.record({
        lane: fc.nat(2),
        tenant: fc.constantFrom('a', 'b', 'c'),
        burst: fc.integer({ min: 1, max: 8 }),
      }),
      { minLength: 1, maxLength: 200 },
    );
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 10 })),
        arrivals,
        (pair, bursts) => {
          const [first, second] = pair;
          const queue = new FairQueue<string>([lane(1, 101), lane(first, 102), lane(second, 103)], 1_000);
          queue.put('patient', 0, 'patient');
          let turns = 0;
          let found = false;
          for (const { lane: position, tenant, burst } of bursts) {
            for (let count = 0; count < burst; count += 1) queue.put('other', position, tenant);
            found ||= queue.take(true)?.item === 'patient';
            turns += 1;
            if (found) break;
          }
          // Three other tenants of its own lane before it, and for each turn of the lane at most `weight` + 1 of the others.
          const bound = 4 * (1 + first + 1 + second + 1);
          expect(found || turns < bound).toBe(true);
        },
      ),
    );
  });

  it('loses nobody, serves nobody twice, and those who left before their turn cost nobody one', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), lane: fc.nat(2), tenant: fc.constantFrom('a', 'b') }),
      fc.record({ kind: fc.constant('take' as const), putBack: fc.boolean() }),
      fc.record({ kind: fc.constant('leave' as const), which: fc.nat(30) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const queue = new FairQueue<number>([free, pro, freeBatch], 1_000);
        const waiting = new Map<number, Waiter<number>>();
        let last = 0;
        for (const one of steps) {
          if (one.kind === 'put') {
            last += 1;
            waiting.set(last, queue.put(last, one.lane, one.tenant));
          } else if (one.kind === 'take') {
            const waiter = queue.take(true);
            if (!waiter) expect(waiting.size).toBe(0);
            else if (one.putBack) queue.putBack(waiter);
            else expect(waiting.delete(waiter.item)).toBe(true);
          } else {
            const [id, waiter] = [...waiting][one.which] ?? [];
            if (id === undefined || !waiter) continue;
            queue.remove(waiter);
            waiting.delete(id);
          }
          expect(queue.size).toBe(waiting.size);
        }
        for (let waiter = queue.take(true); waiter; waiter = queue.take(true)) {
          expect(waiting.delete(waiter.item)).toBe(true);
        }
        expect(waiting.size).toBe(0);
      }),
    );
  });

  it('serves in the same order whether or not others wait and leave in between', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(1), fc.constantFrom('a', 'b')), { minLength: 1, maxLength: 40 }),
        (arrivals) => {
          const order = (withLeavers: boolean): string[] => {
            const queue = new FairQueue<string>([free, pro], 1_000);
            for (const [index, [position, tenant]] of arrivals.entries()) {
              const leaver = withLeavers ? queue.put('leaver', position, tenant) : undefined;
              queue.put(`${index}`, position, tenant);
              if (leaver) queue.remove(leaver);
            }
            return served(queue, arrivals.length);
          };
          expect(order(true)).toEqual(order(false));
        },
      ),
    );
  });
});
