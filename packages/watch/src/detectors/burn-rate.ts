import type { TenantBurn } from '../features/tenant-burn.js';
import { type Budget, burning } from '../statistics/burn-rate.js';
import type { Suspicion } from './finding.js';

/**
 * A budget will be used up before the end of its period: by the pace over a long window and still over a short one, and by the forecast,
 * which knows nights and weekends. The score grows with the pace.
 */
export function burnRate(budget: Budget, burn: TenantBurn, nowMs: number): Suspicion | undefined {
  const burns = burning(budget, nowMs, (windowMs) => burn.spentWithin(windowMs, nowMs));
  const { cap, used, endMs } = budget;
  const forecast = burns && burn.forecast.reached(nowMs, Math.max(cap - used, 0));
  if (!burns || !forecast || forecast.reachedAtMs >= endMs) return undefined;
  return {
    detector: 'burn-rate',
    score: 4 + 2 * Math.log2(burns.rate / 1.5),
    features: [{ feature: 'timesTheEvenPace', expected: 1, seen: burns.rate }],
    reachedAtMs: Math.round(forecast.reachedAtMs),
    reachedWithinMs: Math.round(forecast.withinMs),
  };
}
