import type { ProviderAmounts, StatedLimit } from '@tollgate/core/internal';
import { type HeaderOf, statedLimits } from '../pace/stated-limits.js';

/** What a provider's rate limits leave, as its last answer said. */
export interface Headroom {
  readonly limits: readonly StatedLimit[];
  /** When it said so, in ms since the epoch. */
  readonly atMs: number;
}

/** Limits without a time of reset are those of a minute, and none is believed for more than an hour. */
const usualMs = 60_000;
const mostMs = 3_600_000;

/** What an answer states; `undefined` where it has nothing of the kind. */
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
