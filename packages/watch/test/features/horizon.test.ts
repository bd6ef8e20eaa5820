import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Horizon, HorizonFigures } from '../../src/features/horizon.js';
import { Highs } from '../../src/statistics/highs.js';
import { RollingSum } from '../../src/statistics/rolling-sum.js';

const minuteMs = 60_000;
const dayMs = 86_400_000;

describe('horizons whose figures are side by side', () => {
  it('have the sums and habits of those that have their own, whatever is added to their neighbours', () => {
    const steps = fc.array(
      fc.record({ passedMs: fc.nat(2 * dayMs), of: fc.nat(2), amount: fc.integer({ min: 0, max: 1_000 }) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const lengths = [
          [minuteMs, 12],
          [dayMs, 24],
          [5 * minuteMs, 12],
        ] as const;
        const figures = new HorizonFigures(lengths.map(([, slots]) => slots));
        const together = lengths.map(([ms, slots]) => new Horizon(ms, slots, figures));
        const apart = lengths.map(([ms, slots]) => ({ sum: new RollingSum(ms, slots), highs: new Highs() }));
        let nowMs = dayMs * 20_000;
        for (const { passedMs, of, amount } of all) {
          nowMs += passedMs;
          together[of]?.add(nowMs, amount);
          apart[of]?.highs.see(nowMs, apart[of]?.sum.add(nowMs, amount) ?? 0);
          for (const [index, horizon] of together.entries()) {
            expect(horizon.sum(nowMs)).toBe(apart[index]?.sum.sum(nowMs));
            expect(horizon.highs.usual(nowMs)).toBe(apart[index]?.highs.usual(nowMs));
            expect(horizon.highs.highest(nowMs)).toBe(apart[index]?.highs.highest(nowMs));
          }
        }
        for (const [index, horizon] of together.entries()) {
          expect(horizon.save()).toEqual(apart[index]?.sum.save());
          expect(horizon.highs.save()).toEqual(apart[index]?.highs.save());
          const [ms, slots] = lengths[index] ?? [0, 0];
          const loaded = new Horizon(ms, slots);
          loaded.loadHabit({ highs: horizon.highs.save(), sum: horizon.save() });
          expect(loaded.highs.usual(nowMs)).toBe(horizon.highs.usual(nowMs));
          expect(loaded.save()).toEqual(horizon.save());
        }
      }),
      { numRuns: 200, seed: 20_261_125 },
    );
  });

  it('forget the days of a rise, and only those', () => {
    const figures = new HorizonFigures([24, 24]);
    const [one, other] = [new Horizon(dayMs, 24, figures), new Horizon(dayMs, 24, figures)];
    for (let day = 0; day < 40; day += 1) {
      for (const horizon of [one, other]) horizon.add(day * dayMs + dayMs / 2, day < 37 ? 1 : 9);
    }
    const nowMs = 40 * dayMs + dayMs / 2;
    expect([one.highs.usual(nowMs), other.highs.usual(nowMs)]).toEqual([9, 9]);
    one.highs.unlearn(nowMs, 3.2 * dayMs);
    expect([one.highs.usual(nowMs), other.highs.usual(nowMs)]).toEqual([1, 9]);
    expect(one.highs.highest(nowMs)).toBe(1);
    one.highs.unlearn(nowMs, 100 * dayMs);
    expect(one.highs.usual(nowMs)).toBeUndefined();
  });
});
