import { publish } from '../lib/channel.js';
import type { QuotaCounter, ThresholdCrossing } from './quota-store.js';
import type { WindowCounter } from './window-counter.js';

/**
 * Reports the shares of a cap that `used` has newly reached in its window, rising, while that lasts; publishes each on
 * `tollgate:threshold`.
 */
export function newlyReached(
  { counter, unit, limit }: QuotaCounter,
  tally: WindowCounter,
  thresholds: readonly number[],
  nowMs: number,
): ThresholdCrossing[] {
  const crossed: ThresholdCrossing[] = [];
  if (tally.hasEnded(nowMs)) return crossed;
  const { used } = tally;
  for (;;) {
    const threshold = thresholds[tally.reached];
    if (threshold === undefined || used < threshold * limit) return crossed;
    tally.reached += 1;
    const crossing = { counter, window: tally.windowId, unit, limit, used, threshold };
    crossed.push(crossing);
    publish('tollgate:threshold', () => crossing);
  }
}

/** Hands over, once, what reaped leases have caused on these counters. */
export function takeUnreported(tallies: readonly WindowCounter[], nowMs: number): ThresholdCrossing[] {
  const crossed: ThresholdCrossing[] = [];
  for (const tally of tallies) {
    if (!tally.unreported || tally.hasEnded(nowMs)) continue;
    crossed.push(...tally.unreported);
    tally.unreported = undefined;
  }
  return crossed;
}
