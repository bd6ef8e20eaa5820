import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../src/forest/seeded-random.js';
import { LevelBaseline } from '../../src/statistics/level-baseline.js';

const minuteMs = 60_000;
const settings = { minimumWindows: 12, capacity: 168, leastDeviation: 0.15 };

/** Values between a third and three times of one, every so often. */
function learned(count: number, gapMs: number) {
  const baseline = new LevelBaseline(settings);
  const random = seededRandom(7);
  const value = (): number => 9 ** (random() - 0.5);
  for (let one = 0; one < count; one += 1) baseline.add(one * gapMs, value());
  return { baseline, value, endMs: count * gapMs };
}

describe('LevelBaseline', () => {
  it('speaks of whoever asks little as well: after 12 times 32 values, however long that took', () => {
    expect(learned(380, 60 * minuteMs).baseline.compare()).toBeUndefined();
    expect(learned(420, 60 * minuteMs).baseline.compare()?.score).toBeLessThan(3);
  });

  it('finds that values have more than tripled within some dozens, through their own scatter', () => {
    const { baseline, value, endMs } = learned(1_000, 10 * minuteMs);
    expect(baseline.compare()?.score).toBeLessThan(3);
    for (let one = 0; one < 60; one += 1) baseline.add(endMs + one * minuteMs, 3.5 * value());
    expect(baseline.compare()?.score).toBeGreaterThan(4);
    expect(baseline.compare()?.seen).toBeGreaterThan(2.4);
  });

  it('is not taught by a flood within an hour', () => {
    const { baseline, value, endMs } = learned(1_000, 10 * minuteMs);
    const before = baseline.compare()?.expected;
    for (let one = 0; one < 5_000; one += 1) baseline.add(endMs + one * 500, 20 * value());
    expect(baseline.compare()?.expected).toBeCloseTo(before as number, 1);
  });
});
