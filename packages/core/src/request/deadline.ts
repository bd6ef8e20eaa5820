import type { TollgateContext } from './context.js';

/** The shortest wait of a guard for its store, even after others have waited: enough for a healthy store. */
const leastMs = 25;

/**
 * How long a guard may wait for its store, in ms: its deadline, minus the time that earlier guards waited for theirs, so that a request
 * waits for a deadline and 25 ms in total.
 */
export function storeTimeLeft(
  { waitedForStoresMs }: Pick<TollgateContext, 'waitedForStoresMs'>,
  deadlineMs: number,
): number {
  return Math.min(deadlineMs, Math.max(leastMs, deadlineMs + leastMs - waitedForStoresMs));
}

/**
 * The result of the work, unless it takes longer than `deadlineMs`: then rejects with the error that `late()` makes. The work itself
 * continues, and may still take effect. Results that arrived while this process was busy are in time.
 */
export function withinDeadline<Value>(
  deadlineMs: number,
  work: Promise<Value>,
  late: () => Error,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    let ended = false;
    const timer = setTimeout(() => {
      // Sockets are read between timers and immediates.
      setImmediate(() => {
        if (ended) return;
        ended = true;
        reject(late());
      });
    }, deadlineMs);
    const end = (finish: () => void): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      finish();
    };
    work.then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    );
  });
}
