import { publish } from '../lib/channel.js';
import type { QuotaCounter, ThresholdCrossing } from './quota-store.js';
import type { WindowCounter } from './window-counter.js';

/**
 * Returns the thresholds (shares of the cap, in rising order) that `used` has reached since the last call, and publishes each on
 * `tollgate:threshold`. Empty once the window has ended.
 */
export function newlyReached(
  { counter, unit, limit }: QuotaCounter,
  windowCounter: WindowCounter,
  thresholds: readonly number[],
  nowMs: number,
): ThresholdCrossing[] {
  const crossed: ThresholdCrossing[] = [];
  if (windowCounter.hasEnded(nowMs)) return crossed;
  const { used } = windowCounter;
  for (;;) {
    const threshold = thresholds[windowCounter.reached];
    if (threshold === undefined || used < threshold * limit) return crossed;
    windowCounter.reached += 1;
    const crossing = { counter, window: windowCounter.windowId, unit, limit, used, threshold };
    crossed.push(crossing);
    publish('tollgate:threshold', () => crossing);
  }
}

/** Returns, once, the crossings that reaped leases have caused on these counters. */
export function takeUnreported(tallies: readonly WindowCounter[], nowMs: number): ThresholdCrossing[] {
  const crossed: ThresholdCrossing[] = [];
  for (const windowCounter of tallies) {
    if (!windowCounter.unreported || windowCounter.hasEnded(nowMs)) continue;
    crossed.push(...windowCounter.unreported);
    windowCounter.unreported = undefined;
  }
  return crossed;
}
