/** Smaller differences count as equal: a response that contains the time has been on its way. In milliseconds. */
const toleratedMs = 1_000;

/** A process may be held up for seconds before it reads an answer, so the nearest figure of this time counts. */
const rememberedMs = 10_000;

let aheadMs = 0;
let toldAtMs = Number.NEGATIVE_INFINITY;

/**
 * Records the clock of a store that other processes share: it is ahead of this process's clock by this many milliseconds, or by a little
 * more, since responses arrive late and never early.
 */
export function heardStoreTime(ahead: number): void {
  const atMs = performance.now();
  if (ahead < aheadMs && atMs - toldAtMs < rememberedMs) return;
  aheadMs = ahead;
  toldAtMs = atMs;
}

/**
 * A moment of this process's clock by the clock of the store, in ms since the epoch: the store decides which window a call counts in, and
 * usage events belong in the same month. Without such a store: the moment itself.
 */
export function storeTime(ownMs: number): number {
  return Math.abs(aheadMs) < toleratedMs ? ownMs : ownMs + aheadMs;
}
