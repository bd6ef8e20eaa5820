import { describe, expect, it } from '@jest/globals';
import { RateBaseline } from '../../src/statistics/rate-baseline.js';
import { SeasonalProfile } from '../../src/statistics/seasonal-profile.js';

const hourMs = 3_600_000;
const settings = { minimumWindows: 24, capacity: 168, leastDeviation: 0.35 };
/** Ten at night, a hundred by day, in every hour of so many days. */
const rhythm = (hour: number): number => (hour % 24 < 8 ? 10 : 100);

function learned(days: number): { baseline: RateBaseline; season: SeasonalProfile } {
  const season = new SeasonalProfile();
  const baseline = new RateBaseline(hourMs, settings, season);
  for (let hour = 0; hour < days * 24; hour += 1) {
    season.add(hour * hourMs, rhythm(hour));
    baseline.add(hour * hourMs, rhythm(hour));
  }
  return { baseline, season };
}

describe('SeasonalProfile', () => {
  it('knows night from day after two weeks, and says 1 as long as it knows nothing', () => {
    const { season } = learned(14);
    expect(season.factor(14 * 24 * hourMs + 3 * hourMs)).toBeLessThan(0.4);
    expect(season.factor(14 * 24 * hourMs + 12 * hourMs)).toBeGreaterThan(1.2);
    expect(new SeasonalProfile().factor(0)).toBe(1);
  });

  it('takes what it does not know of Saturday from other days', () => {
    const { season } = learned(3);
    expect(season.factor(5 * 24 * hourMs + 3 * hourMs)).toBeLessThan(0.5);
  });
});

describe('RateBaseline', () => {
  it('says nothing before there is evidence enough', () => {
    const { baseline } = learned(1);
    expect(baseline.isWarm).toBe(false);
    expect(baseline.compare(24 * hourMs, 1e6)).toBeUndefined();
  });

  it('finds a hundred usual by day and unusual at night', () => {
    const { baseline } = learned(21);
    const night = 21 * 24 * hourMs + 3 * hourMs;
    const day = 21 * 24 * hourMs + 12 * hourMs;
    expect(baseline.compare(day, 100)?.score).toBeLessThan(1);
    expect(baseline.compare(night, 100)?.score).toBeGreaterThan(3);
    expect(baseline.compare(day, 1_000)?.score).toBeGreaterThan(5);
  });

  it('scores the logarithm against the least spread: e times the usual is 1 / 0.35', () => {
    const baseline = new RateBaseline(hourMs, settings, undefined);
    for (let hour = 0; hour < 50; hour += 1) baseline.add(hour * hourMs, 20);
    expect(baseline.compare(50 * hourMs, 20 * Math.E)?.score).toBeCloseTo(1 / 0.35, 9);
    expect(baseline.compare(50 * hourMs, 20 * Math.E)?.expected).toBeCloseTo(20, 9);
  });

  it('does not learn in half a day of an incident that a hundredfold is usual', () => {
    const baseline = new RateBaseline(hourMs, settings, undefined);
    for (let hour = 0; hour < 100; hour += 1) baseline.add(hour * hourMs, 20);
    for (let hour = 100; hour < 112; hour += 1) baseline.add(hour * hourMs, 2_000);
    expect(baseline.compare(112 * hourMs, 2_000)?.score).toBeGreaterThan(10);
  });

  it('follows growth that lasts', () => {
    const baseline = new RateBaseline(hourMs, settings, undefined);
    for (let hour = 0; hour < 600; hour += 1) baseline.add(hour * hourMs, 20 * 1.003 ** hour);
    expect(baseline.compare(600 * hourMs, 20 * 1.003 ** 600)?.score).toBeLessThan(2);
  });
});
