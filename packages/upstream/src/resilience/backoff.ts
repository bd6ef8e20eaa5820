/** Bounds of the waits between attempts, in milliseconds. */
export interface BackoffBounds {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * How long to wait before the retry after `failures` failures: anywhere between nothing and a bound that doubles each time (full
 * jitter), so that callers who failed together do not come back together. `random` is in [0, 1).
 */
export function backoffMs({ baseMs, maxMs }: BackoffBounds, failures: number, random: number): number {
  return Math.round(random * Math.min(maxMs, baseMs * 2 ** Math.max(0, failures - 1)));
}
