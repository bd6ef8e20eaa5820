/**
 * Waits this many ms, or until it is woken; resolves to `false` where one of the signals has ended it. `sleeping` receives the function
 * that wakes it.
 */
export function pause(
  ms: number,
  signals: readonly (AbortSignal | null | undefined)[],
  sleeping?: (wake: () => void) => void,
): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (whenReady: boolean): void => {
      clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener('abort', gone);
      resolve(whenReady);
    };
    const gone = (): void => end(false);
    const timer = setTimeout(() => end(true), ms);
    for (const signal of signals) {
      if (signal?.aborted) gone();
      else signal?.addEventListener('abort', gone);
    }
    sleeping?.(() => end(true));
  });
}
