import type { TollgateContext } from './context.js';

/** What a guard may wait for its store however long others have waited: enough for one that is well. */
const leastMs = 25;

/**
 * How long a guard may wait for its store, in ms: its own deadline, less what guards before it have waited for theirs, so that a
 * request waits for a deadline and 25 ms altogether.
 */
export function storeTimeLeft(
  { waitedForStoresMs }: Pick<TollgateContext, 'waitedForStoresMs'>,
  deadlineMs: number,
): number {
  return Math.min(deadlineMs, Math.max(leastMs, deadlineMs + leastMs - waitedForStoresMs));
}

/**
 * What the work resolves to, unless it takes longer than `deadlineMs`: then rejects with what `late()` makes. The work itself goes
 * on, and may still take effect. Answers that came while this process itself was busy are in time.
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
