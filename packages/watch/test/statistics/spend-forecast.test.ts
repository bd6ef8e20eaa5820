import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../src/forest/seeded-random.js';
import { burning } from '../../src/statistics/burn-rate.js';
import { RollingSum } from '../../src/statistics/rolling-sum.js';
import { SpendForecast } from '../../src/statistics/spend-forecast.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const monthMs = 30 * dayMs;

interface Habits {
  readonly rate: (hour: number) => number;
  readonly name: string;
}
const isWeekend = (hour: number): boolean => [2, 3].includes(Math.floor(hour / 24) % 7);
const habits: readonly Habits[] = [
  {
    name: 'office hours',
    rate: (hour) => (isWeekend(hour) ? 0.05 : hour % 24 >= 8 && hour % 24 < 18 ? 1 : 0.05),
  },
  {
    name: 'two continents',
    rate: (hour) =>
      isWeekend(hour)
        ? 0.1
        : [6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 21].includes(hour % 24)
          ? 1
          : 0.1,
  },
  {
    name: 'evenings',
    rate: (hour) => (1 + 0.9 * Math.cos(((hour - 20) / 24) * 2 * Math.PI)) * (isWeekend(hour) ? 1.5 : 1),
  },
  { name: 'day and night', rate: () => 1 },
  {
    name: 'nightly jobs',
    rate: (hour) => (hour % 24 === 2 ? 8 : hour % 24 >= 8 && hour % 24 < 17 ? 0.7 : 0.05),
  },
];

/** Four weeks of a customer; in the second month it spends `times` as much from a random hour on, until its budget is used up. */
function run({ rate }: Habits, times: number, seed: number) {
  const random = seededRandom(seed);
  const noise = (): number => Math.exp(0.35 * (random() + random() + random() - 1.5) * 2);
  const forecast = new SpendForecast();
  const sums = new Map(
    [1 / 12, 0.5, 1, 6, 72].map((hours) => [hours * hourMs, new RollingSum(hours * hourMs)]),
  );
  const startMs = monthMs;
  const riseMs = startMs + (1 + 6 * random()) * dayMs;
  const perMonth = Array.from({ length: 720 }, (_, hour) => rate(hour)).reduce((sum, one) => sum + one, 0);
  const cap = perMonth * 1.3;
  let used = 0;
  const said: { atMs: number; reachedAtMs: number; withinMs: number }[] = [];
  for (let nowMs = 2 * dayMs; nowMs < 2 * monthMs; nowMs += hourMs / 12) {
    const usd = (rate(Math.floor(nowMs / hourMs)) / 12) * noise() * (nowMs >= riseMs ? times : 1);
    forecast.add(nowMs, usd);
    for (const sum of sums.values()) sum.add(nowMs, usd);
    if (nowMs < startMs) continue;
    used += usd;
    if (used >= cap) return { said, goneMs: nowMs, riseMs };
    const burn = burning(
      { cap, used, startMs, endMs: 2 * monthMs },
      nowMs,
      (ms) => sums.get(ms)?.sum(nowMs) ?? 0,
    );
    const reached = burn && forecast.reached(nowMs, cap - used);
    if (reached && reached.reachedAtMs < 2 * monthMs) said.push({ atMs: nowMs, ...reached });
  }
  return { said, goneMs: Number.POSITIVE_INFINITY, riseMs };
}

describe('SpendForecast', () => {
  const runs = habits.flatMap((one) =>
    [2, 4, 10].flatMap((times) => [1, 2, 3].map((seed) => ({ times, ...run(one, times, seed * 7 + times) }))),
  );

  it('is first made before the budget is used up, whenever that happens', () => {
    for (const { said, goneMs } of runs.filter(({ goneMs: one }) => one < Number.POSITIVE_INFINITY)) {
      expect(said[0]?.atMs ?? Number.POSITIVE_INFINITY).toBeLessThan(goneMs);
    }
  });

  it('is wrong by at most a fifth of the time left, in nine of ten cases', () => {
    const errors = runs.flatMap(({ said, goneMs }) =>
      goneMs === Number.POSITIVE_INFINITY
        ? []
        : said
            .filter((_, index) => index % 12 === 0)
            .map(({ atMs, reachedAtMs }) => Math.abs(reachedAtMs - goneMs) / Math.max(goneMs - atMs, hourMs)),
    );
    expect(errors.length).toBeGreaterThan(500);
    expect(errors.filter((error) => error <= 0.2).length / errors.length).toBeGreaterThanOrEqual(0.9);
  });

  it('says how far it may be off: the end is within three times that, nearly always', () => {
    const all = runs.flatMap(({ said, goneMs }) =>
      goneMs < Infinity ? said.map((one) => ({ ...one, goneMs })) : [],
    );
    const within = all.filter(
      ({ reachedAtMs, withinMs, goneMs }) => Math.abs(reachedAtMs - goneMs) <= 3 * withinMs + hourMs,
    );
    expect(within.length / all.length).toBeGreaterThan(0.9);
  });

  it('knows an even pace without any history, and that nothing is used up without spending', () => {
    const forecast = new SpendForecast();
    for (let minute = 0; minute < 180; minute += 1) forecast.add(minute * 60_000, 1);
    const reached = forecast.reached(180 * 60_000, 120);
    expect((reached?.reachedAtMs ?? 0) / hourMs).toBeGreaterThan(4);
    expect((reached?.reachedAtMs ?? 0) / hourMs).toBeLessThan(6.5);
    expect(new SpendForecast().reached(dayMs, 10)).toBeUndefined();
  });
});
