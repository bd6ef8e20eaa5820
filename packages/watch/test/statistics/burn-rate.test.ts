import { describe, expect, it } from '@jest/globals';
import { burning } from '../../src/statistics/burn-rate.js';

const hourMs = 3_600_000;
const month = { cap: 720, startMs: 0, endMs: 720 * hourMs }; // one an hour lasts exactly
const nowMs = 100 * hourMs;
const pace = (perHour: number) => (windowMs: number) => (perHour * windowMs) / hourMs;

describe('burning', () => {
  it('says by which rule a cap burns, how fast, and when it is reached', () => {
    const burn = burning({ ...month, used: 100 }, nowMs, pace(20));
    expect(burn?.rule.times).toBe(14.4);
    expect(burn?.rate).toBeCloseTo(20, 9);
    expect(burn?.reachedAtMs).toBeCloseTo(nowMs + (620 / 20) * hourMs, 3);
  });

  it('finds slower burns over longer windows', () => {
    expect(burning({ ...month, used: 100 }, nowMs, pace(7))?.rule.times).toBe(6);
    expect(burning({ ...month, used: 100 }, nowMs, pace(1.6))?.rule.times).toBe(1.5);
    expect(burning({ ...month, used: 100 }, nowMs, pace(1.4))).toBeUndefined();
  });

  it('says nothing of a burst that is over, or when the cap lasts all the same', () => {
    const over = (windowMs: number): number => (windowMs < hourMs ? 0 : 20);
    expect(burning({ ...month, used: 100 }, nowMs, over)).toBeUndefined();
    expect(burning({ ...month, used: 0 }, 719 * hourMs, pace(20))).toBeUndefined();
  });

  it('says at once that a cap is reached', () => {
    expect(burning({ ...month, used: 800 }, nowMs, pace(20))?.reachedAtMs).toBe(nowMs);
  });
});
