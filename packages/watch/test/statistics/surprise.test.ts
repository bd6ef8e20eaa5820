import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { surprise } from '../../src/statistics/surprise.js';

describe('surprise', () => {
  it('is the logarithm over its deviation where chance does not matter', () => {
    expect(surprise(20 * Math.E, 20, 0.5, 0)).toBeCloseTo(2, 12);
    expect(surprise(20, 20, 0.5, 1)).toBe(0);
    expect(surprise(5, 20, 0.5, 1)).toBeCloseTo(Math.log(0.25) / 0.5, 12);
    expect(surprise(20e9 * Math.E, 20e9, 0.5, 1)).toBeCloseTo(2, 6);
  });

  it('is the root of Poisson’s deviance where the pace itself hardly varies', () => {
    // 10 where 4 are expected: 2 (10 ln 2.5 − 6)
    expect(surprise(10, 4, 1e-4, 1)).toBeCloseTo(Math.sqrt(2 * (10 * Math.log(2.5) - 6)), 5);
    expect(surprise(20, 8, 1e-4, 2)).toBeCloseTo(Math.sqrt(2 * (10 * Math.log(2.5) - 6)), 5);
  });

  it('is the smallest of what the pace and chance can share between them', () => {
    const [count, usual, deviation] = [12, 1, 0.35];
    let least = Number.POSITIVE_INFINITY;
    for (let shift = 0; shift < 3; shift += 1e-4) {
      const mean = usual * Math.exp(shift);
      const rest = 2 * (count * Math.log(count / mean) - count + mean);
      least = Math.min(least, (shift / deviation) ** 2 + rest);
    }
    expect(surprise(count, usual, deviation, 1)).toBeCloseTo(Math.sqrt(least), 5);
  });

  it('grows with what is seen, and is never more than without chance', () => {
    const positive = fc.double({ min: 1e-3, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        positive,
        positive,
        fc.double({ min: 0.05, max: 2, noNaN: true }),
        (seen, expected, deviation) => {
          const score = surprise(seen, expected, deviation, 1);
          expect(Number.isFinite(score)).toBe(true);
          expect(score).toBeLessThanOrEqual(surprise(seen, expected, deviation, 0) + 1e-6);
          expect(surprise(seen * 1.5, expected, deviation, 1)).toBeGreaterThan(score);
        },
      ),
      { numRuns: 500, seed: 1 },
    );
  });
});
