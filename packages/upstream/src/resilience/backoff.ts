/** Bounds of the waits between attempts, in milliseconds. */
export interface BackoffBounds {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * The wait before the retry after `failures` failures: a random time between zero and a bound that doubles each time (full jitter), so that
 * callers that failed together do not retry together. `random` is in [0, 1).
 */
export function backoffMs({ baseMs, maxMs }: BackoffBounds, failures: number, random: number): number {
  return Math.round(random * Math.min(maxMs, baseMs * 2 ** Math.max(0, failures - 1)));
}
