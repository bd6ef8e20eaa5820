import { describe, expect, it } from '@jest/globals';
import { RateBaseline } from '../../src/statistics/rate-baseline.js';
import { SeasonalProfile } from '../../src/statistics/seasonal-profile.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const fourMs = 4 * hourMs;
const settings = { minimumWindows: 24, capacity: 168, leastDeviation: 0.5, knowsHabits: true };

/** Ten in every hour of so many days, and what else an hour brings. */
function weeks(days: number, more: (atMs: number) => number) {
  const season = new SeasonalProfile();
  const baseline = new RateBaseline(hourMs, settings, season);
  for (let atMs = 0; atMs < days * dayMs; atMs += hourMs) {
    const sum = 10 + more(atMs);
    baseline.add(atMs, sum);
    season.add(atMs, sum);
  }
  return { season, baseline };
}

describe('an hour of the week', () => {
  it('makes a job of each night a habit on its third night, and a single night none', () => {
    const job = (nights: number) => (atMs: number) =>
      atMs % dayMs === fourMs && atMs >= (14 - nights) * dayMs ? 2_000 : 0;
    const expectedAfter = (nights: number): number =>
      weeks(14, job(nights)).baseline.compare(14 * dayMs + fourMs + hourMs, 2_000)?.expected ?? 0;
    expect(expectedAfter(1)).toBeLessThan(100);
    expect(expectedAfter(2)).toBeCloseTo(2_010, 6);
  });

  it('knows the habit of the hour that a window covers, not of the one in which it is looked at', () => {
    const { baseline } = weeks(14, (atMs) => (atMs % dayMs === fourMs ? 2_000 : 0));
    // at five past the job's hour most of the last sixty minutes were its own
    const late = baseline.compare(14 * dayMs + fourMs + hourMs + 5 * 60_000, 2_000);
    expect(late?.expected).toBeGreaterThan(1_800);
    expect(baseline.compare(14 * dayMs + fourMs + 2 * hourMs, 2_000)?.expected).toBeLessThan(100);
  });

  it('is not thought a dear one for an incident of one night', () => {
    const { season } = weeks(21, (atMs) => (atMs === 20 * dayMs + fourMs ? 100_000 : 0));
    expect(season.factor(21 * dayMs + fourMs)).toBeLessThan(2);
    expect(season.factor(21 * dayMs + 9 * hourMs)).toBeGreaterThan(0.9);
  });
});
