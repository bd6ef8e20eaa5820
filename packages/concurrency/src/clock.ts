/** Time as a queue sees it. */
export interface Clock {
  /** Milliseconds, from anywhere; never back. */
  now(): number;
  /** Calls back once after `ms`; returns how to cancel. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = Object.freeze({
  now: () => performance.now(),
  after: (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
});
