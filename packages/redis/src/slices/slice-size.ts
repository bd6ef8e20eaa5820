import type { QuotaCounter, Window } from '@tollgate/core';

/** What a process leases ahead is at most this share of what is left: slices shrink as the cap nears. Places in flight are few. */
const shareOfLeft = 1 / 16;
const shareOfPlaces = 1 / 4;
/** How much to lease beyond what is needed now: what is taken in a while, within the share. */
export function aheadOf({ window }: QuotaCounter, taken: number, left: number): number {
  return Math.min(taken, Math.floor(left * (window.kind === 'live' ? shareOfPlaces : shareOfLeft)));
}

/**
 * How long what was leased may wait for a request. A token bucket refills while somebody keeps what he has drawn: what is kept and what
 * has refilled meanwhile together would be more than its burst. So it is drawn for those who ask, and for nobody else.
 */
export function keptForMs({ kind }: Window): number {
  return kind === 'bucket' ? 1 : Number.POSITIVE_INFINITY;
}

/** From the whole down to the least by halves: the store takes the first that fits. */
export function amountsToAsk(most: number, least: number): number[] {
  const amounts: number[] = [];
  for (let amount = most; amount > least; amount = Math.floor(amount / 2)) amounts.push(amount);
  amounts.push(least);
  return amounts;
}
