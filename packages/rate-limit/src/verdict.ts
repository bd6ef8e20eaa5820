import type { RateLimitEntry } from '@tollgate/core/internal';
import type { CountedRate } from './rate.js';
import type { WindowCount } from './window-limiter.js';

/** One rate and the count of its window. */
export interface RateCount {
  readonly rate: CountedRate;
  readonly count: WindowCount;
}

/** The rate that keeps a request out: of those that are used up, the one that resets last, so that waiting for it helps. */
export function bindingOf(counts: readonly RateCount[]): RateCount | undefined {
  let binding: RateCount | undefined;
  for (const one of counts) {
    if (one.count.over && (!binding || one.count.resetsAtMs > binding.count.resetsAtMs)) binding = one;
  }
  return binding;
}

/**
 * The entries for the response's headers. A refused request is returned to the counters, so its cost is left again.
 */
export function entriesOf(counts: readonly RateCount[], refused: boolean, nowMs: number): RateLimitEntry[] {
  return counts.map(({ rate, count }) => ({
    name: rate.name,
    unit: 'requests' as const,
    quota: rate.quota,
    windowSeconds: rate.windowMs / 1_000,
    left: Math.max(0, rate.quota - count.used + (refused ? count.cost : 0)),
    resetSeconds: (count.resetsAtMs - nowMs) / 1_000,
  }));
}
