import { type Budget, burning, burnRules } from '../statistics/burn-rate.js';
import type { RollingSum } from '../statistics/rolling-sum.js';
import type { Suspicion } from './finding.js';

/** A tenant's sums over the windows of the rules. */
export type BurnSums = ReadonlyMap<number, RollingSum>;

/** Lengths of the windows of the rules. */
export const burnWindowsMs: readonly number[] = [
  ...new Set(burnRules.flatMap((rule) => [rule.longMs, rule.shortMs])),
];

/**
 * A budget will be used up long before the end of its period: by the pace over a long window, and still over a short one. The score grows
 * with the pace.
 */
export function burnRate(budget: Budget, sums: BurnSums, nowMs: number): Suspicion | undefined {
  const burn = burning(budget, nowMs, (windowMs) => sums.get(windowMs)?.sum(nowMs) ?? 0);
  if (!burn) return undefined;
  return {
    detector: 'burn-rate',
    score: 4 + 2 * Math.log2(burn.rate / 1.5),
    features: [{ feature: 'timesTheEvenPace', expected: 1, seen: burn.rate }],
    reachedAtMs: Math.round(burn.reachedAtMs),
  };
}
