import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bucketProblem, type TokenBucket } from '../../src/internal.js';
import { type BucketLevel, drawn, refilled, refillMs, refillRate } from '../../src/plans/token-bucket.js';

const long = process.env.TOLLGATE_LONG === '1';
const runs = { numRuns: long ? 10_000 : 200, ...(long ? {} : { seed: 20_261_121 }) };
const full: BucketLevel = { whole: 0, remainder: 0, atMs: 0 };
const bucket = (rate: number, periodMs: number, burst: number): TokenBucket => ({
  kind: 'bucket',
  rate,
  periodMs,
  burst,
});

const anyBucket = fc
  .record({
    rate: fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 9e15 })),
    periodMs: fc.constantFrom(1, 7, 1000, 60_000, 3_600_000, 86_400_000, 604_800_000),
    burst: fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 9e15 })),
  })
  .map(({ rate, periodMs, burst }) => bucket(rate, periodMs, burst));

describe('a token bucket', () => {
  it('refills exactly, however often it is looked at', () => {
    const seven = refillRate(bucket(7, 1000, 10));
    let level = drawn(full, 10);
    for (let ms = 1; ms <= 1000; ms += 1) level = refilled(level, seven, ms);
    expect(level).toEqual({ whole: 3, remainder: 0, atMs: 1000 });
    expect(refilled(drawn(full, 10), seven, 1000)).toEqual(level);
  });

  it('says when what is asked will be there, to the millisecond', () => {
    const perMinute = refillRate(bucket(100, 60_000, 20));
    const level = drawn(full, 20);
    expect(refillMs(level, perMinute, 19)).toBe(600);
    expect(refillMs(level, perMinute, 20)).toBe(0);
    expect(refilled(level, perMinute, 599).whole).toBe(20);
    expect(refilled(level, perMinute, 600).whole).toBe(19);
  });

  it('says so beyond 2^53 parts, too', () => {
    const fine = { numerator: 1_000_003, denominator: 604_800_000 };
    const level = { whole: 100_000_000, remainder: 5, atMs: 0 };
    const exact = (100_000_000n * 604_800_000n - 5n + 1_000_002n) / 1_000_003n;
    expect(refillMs(level, fine, 0)).toBe(Number(exact));
    expect(refilled(level, fine, Number(exact)).whole).toBe(0);
    expect(refilled(level, fine, Number(exact) - 1).whole).toBe(1);
  });

  it('has no remainder when it is full, however it became so', () => {
    const rate = { numerator: 7, denominator: 10 };
    expect(refilled({ whole: 2, remainder: 0, atMs: 0 }, rate, 3)).toEqual({ ...full, atMs: 3 });
    expect(drawn({ whole: 2, remainder: 5, atMs: 0 }, -2)).toEqual(full);
    // More than 2^53 parts.
    const fine = { numerator: 9_000_000_000_000_000, denominator: 7_000_000_000_000_000 };
    expect(refilled({ whole: 2, remainder: 0, atMs: 0 }, fine, 2)).toEqual({ ...full, atMs: 2 });
  });

  it('lets what is there already wait for nothing', () => {
    const rate = { numerator: 3, denominator: 100 };
    for (const most of [5, 6, 90]) expect(refillMs({ whole: 5, remainder: 40, atMs: 0 }, rate, most)).toBe(0);
  });

  it('counts what was refilled beyond a unit, also beyond 2^53 parts', () => {
    const fine = { numerator: 999_983, denominator: 604_800_000 };
    for (const remainder of [0, 999_982, 604_799_999]) {
      const level = { whole: 50_000_000, remainder, atMs: 0 };
      const parts = 50_000_000n * 604_800_000n - BigInt(remainder);
      expect(refillMs(level, fine, 0)).toBe(Number((parts + 999_982n) / 999_983n));
    }
  });

  it('has its rate reduced once', () => {
    const seven = bucket(7, 1000, 10);
    expect(refillRate(seven)).toBe(refillRate(seven));
  });

  it('is never fuller than full, whatever is given back', () => {
    expect(drawn(drawn(full, 5), -9)).toEqual(full);
  });

  it('goes into debt and pays it off over time', () => {
    const perSecond = refillRate(bucket(1, 1000, 10));
    expect(refilled(drawn(full, 25), perSecond, 15_000).whole).toBe(10);
  });

  it('is not moved by a clock that steps back', () => {
    const level = refilled(drawn(full, 9), refillRate(bucket(1, 1000, 10)), 1500);
    expect(refilled(level, refillRate(bucket(1, 1000, 10)), 900)).toBe(level);
  });

  it('agrees with exact fractions over any steps of time and any draws', () => {
    const step = fc.record({ waitMs: fc.nat(4_000_000_000), units: fc.integer({ min: -1000, max: 9e15 }) });
    fc.assert(
      fc.property(anyBucket, fc.array(step, { maxLength: 8 }), (window, steps) => {
        const rate = refillRate(window);
        const period = BigInt(window.periodMs);
        let [level, parts, nowMs] = [full, 0n, 0];
        for (const { waitMs, units } of steps) {
          nowMs += waitMs;
          if (!Number.isSafeInteger(level.whole + units)) return;
          level = drawn(refilled(level, rate, nowMs), units);
          parts -= BigInt(waitMs) * BigInt(window.rate);
          parts = (parts > 0n ? parts : 0n) + BigInt(units) * period;
          parts = parts > 0n ? parts : 0n;
          expect(BigInt(level.whole)).toBe((parts + period - 1n) / period);
        }
      }),
      runs,
    );
  });

  it('gives the shortest sufficient wait', () => {
    fc.assert(
      fc.property(anyBucket, fc.integer({ min: 1, max: 1e12 }), fc.nat(1e9), (window, units, most) => {
        const rate = refillRate(window);
        const level = drawn(full, units);
        const waitMs = refillMs(level, rate, most);
        fc.pre(Number.isSafeInteger(waitMs));
        expect(refilled(level, rate, waitMs).whole).toBeLessThanOrEqual(most);
        if (waitMs > 0) expect(refilled(level, rate, waitMs - 1).whole).toBeGreaterThan(most);
      }),
      runs,
    );
  });

  it('is refused where it could not be counted exactly', () => {
    expect(bucketProblem(bucket(100, 60_000, 100))).toBeUndefined();
    expect(bucketProblem(bucket(50_000_000_000, 2_592_000_000, 50_000_000_000))).toBeUndefined();
    expect(bucketProblem(bucket(7, 86_400_000, 9_000_000_000_000))).toMatch(/cannot be counted exactly/);
    expect(bucketProblem(bucket(0, 1000, 1))).toBe('its rate must be a positive integer, received 0');
    expect(bucketProblem(bucket(1, 1.5, 1))).toBe('its periodMs must be a positive integer, received 1.5');
    expect(bucketProblem(bucket(1, 1000, Number.NaN))).toBe(
      'its burst must be a positive integer, received NaN',
    );
  });
});
