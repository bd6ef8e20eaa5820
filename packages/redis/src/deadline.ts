/** Rejects with what `late()` makes unless the work has ended in time. `abort` is told then, so that what was not sent is not. */
export function withinDeadline<Value>(
  deadlineMs: number,
  work: (signal: AbortSignal) => Promise<Value>,
  late: () => Error,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = new AbortController();
    let ended = false;
    const timer = setTimeout(() => {
      // Answers that came while this process itself was busy are read before immediates run: they are in time.
      setImmediate(() => {
        if (ended) return;
        ended = true;
        reject(late());
        abort.abort();
      });
    }, deadlineMs);
    const end = (finish: () => void): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      finish();
    };
    work(abort.signal).then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    );
  });
}
