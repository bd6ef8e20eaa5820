import type { ProviderAmounts, StatedLimit } from '@tollgate/core/internal';
import { type HeaderOf, statedLimits } from '../pace/stated-limits.js';

/** The remaining amounts of a provider's rate limits, from its last response. */
export interface Headroom {
  readonly limits: readonly StatedLimit[];
  /** When it was stated, in ms since the epoch. */
  readonly atMs: number;
}

/** Limits without a time of reset count as per minute, and none is trusted for more than an hour. */
const usualMs = 60_000;
const mostMs = 3_600_000;

/** The amounts stated in a response; `undefined` where there are none. */
export function headroomOf(headerOf: HeaderOf, nowMs: number): Headroom | undefined {
  const limits = statedLimits(headerOf, nowMs);
  return limits.length > 0 ? { limits, atMs: nowMs } : undefined;
}

/** Whether a request of this size fits in. */
export function fitsIn(headroom: Headroom | undefined, size: ProviderAmounts, nowMs: number): boolean {
  if (!headroom) return true;
  const { limits, atMs } = headroom;
  return limits.every(
    ({ unit, remaining, resetMs = usualMs }) =>
      remaining >= (size[unit] ?? 0) || nowMs >= atMs + Math.min(resetMs, mostMs),
  );
}
