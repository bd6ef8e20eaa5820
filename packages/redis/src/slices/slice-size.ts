import { type QuotaCounter, refillRate } from '@tollgate/core/internal';

/** A process leases ahead at most this share of the remaining amount: slices shrink as the cap nears. Permits in flight are few. */
const shareOfLeft = 1 / 16;
const shareOfPlaces = 1 / 4;
/** The longest time that an amount drawn from a token bucket is kept, in ms; also at most a 64th of the time in which it refills. */
const bucketMs = 250;
const bucketShare = 1 / 64;
/** Amounts drawn for waiting requests reach them within this time, in ms; no process is assumed to be quicker. */
const handedOverMs = 5;

/** How a counter is leased. */
export interface Drawing {
  /** How long a leased amount may wait for a request, in ms. */
  readonly keepMs: number;
  /** Whether more is leased than those need who wait. */
  readonly ahead: boolean;
  /** The cap that leases go by. */
  readonly limit: number;
}

/**
 * A token bucket refills while a process keeps the amount that it has drawn: the kept and the refilled amount together would exceed its
 * burst. So it is kept for a short time only, and all draws leave room for the refill within that time: admitted ≤ burst + rate × t holds
 * over any interval. Where that room would be a large part of the burst, only the amount for waiting requests is drawn.
 */
export function drawing({ window, limit }: QuotaCounter): Drawing {
  if (window.kind !== 'bucket') return { keepMs: Number.POSITIVE_INFINITY, ahead: true, limit };
  const { numerator, denominator } = refillRate(window);
  const fullMs = (window.burst * denominator) / numerator;
  const keepMs = Math.min(bucketMs, Math.floor(fullMs * bucketShare));
  const refilled = Math.ceil((keepMs * numerator) / denominator);
  if (keepMs <= handedOverMs || refilled > limit * shareOfLeft)
    return { keepMs: handedOverMs, ahead: false, limit };
  return { keepMs, ahead: true, limit: limit - refilled };
}

/** The amount to lease beyond the current need: the usage within the time that it may be kept, within the share. */
export function aheadOf(counter: QuotaCounter, taken: number, left: number): number {
  const { keepMs, ahead } = drawing(counter);
  if (!ahead) return 0;
  const share = counter.window.kind === 'live' ? shareOfPlaces : shareOfLeft;
  return Math.min(Math.ceil(taken * Math.min(1, keepMs / 1_000)), Math.floor(left * share));
}

/** From the whole down to the least by halves: the store takes the first that fits. */
export function amountsToAsk(most: number, least: number): number[] {
  const amounts: number[] = [];
  for (let amount = most; amount > least; amount = Math.floor(amount / 2)) amounts.push(amount);
  amounts.push(least);
  return amounts;
}
