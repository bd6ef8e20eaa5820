import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Ewma } from '../../src/statistics/ewma.js';
import { RollingMedian } from '../../src/statistics/rolling-median.js';
import { RollingSum } from '../../src/statistics/rolling-sum.js';

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] ?? 0) : ((sorted[middle] ?? 0) + (sorted[middle - 1] ?? 0)) / 2;
};

describe('RollingMedian', () => {
  it('is what sorting the latest values gives, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1 }), (values) => {
        const rolling = new RollingMedian(7);
        values.forEach((value, index) => {
          rolling.add(value);
          const latest = values.slice(Math.max(0, index - 6), index + 1);
          const middle = median(latest);
          expect(rolling.median).toBe(middle);
          expect(rolling.deviation).toBeCloseTo(
            1.482602218505602 * median(latest.map((one) => Math.abs(one - middle))),
            12,
          );
        });
      }),
    );
  });

  it('is not moved by two wild values of five', () => {
    const rolling = new RollingMedian(5);
    for (const value of [10, 11, 12, 1e9, 1e9]) rolling.add(value);
    expect(rolling.median).toBe(12);
  });
});

describe('RollingSum', () => {
  it('forgets what is older than its length, and nothing younger than that but for a slot', () => {
    const sum = new RollingSum(60_000, 6);
    sum.add(0, 5);
    sum.add(30_000, 7);
    expect(sum.sum(49_999)).toBe(12);
    expect(sum.sum(60_000)).toBe(7);
    expect(sum.sum(100_000)).toBe(0);
  });

  it('is zero after a long pause and goes on when a clock steps back', () => {
    const sum = new RollingSum(60_000, 6);
    sum.add(1_000_000, 5);
    sum.add(990_000, 1);
    expect(sum.sum(1_000_000)).toBe(6);
    expect(sum.sum(9_000_000)).toBe(0);
  });
});

describe('Ewma', () => {
  it('is the plain mean at first, and forgets half after its half-life', () => {
    const mean = new Ewma(10);
    mean.add(4);
    mean.add(8);
    expect(mean.mean).toBe(6);
    for (let time = 0; time < 200; time += 1) mean.add(0);
    const before = mean.mean;
    mean.add(100);
    expect(mean.mean - before).toBeCloseTo((100 - before) * (1 - 2 ** -0.1), 12);
  });
});
