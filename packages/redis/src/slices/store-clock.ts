import { setTimeout as delay } from 'node:timers/promises';

/** The store's clock as estimated from its responses, and this process's own monotonic clock. */
export interface SliceClock {
  /** The store's time, never ahead of it: ms since the epoch. */
  storeMs(): number;
  ownMs(): number;
  /** A response contained the store's time. */
  heard(storeMs: number): void;
  pause(ms: number): Promise<void>;
  /** Repeats work at an interval without keeping the process alive; the returned function stops it. */
  every(ms: number, work: () => void): () => void;
}

/** A response with a time this far behind comes from a server with another clock, in ms. */
const steppedMs = 2_000;

/** Estimates the store's time from this process's clock since the last response. */
export class HeardClock implements SliceClock {
  #heardMs = 0;
  #atMs = 0;

  storeMs(): number {
    return this.#heardMs === 0 ? Date.now() : Math.floor(this.#heardMs + this.ownMs() - this.#atMs);
  }

  ownMs(): number {
    return performance.now();
  }

  heard(storeMs: number): void {
    if (this.#heardMs !== 0 && storeMs <= this.storeMs() && storeMs > this.storeMs() - steppedMs) return;
    this.#heardMs = storeMs;
    this.#atMs = this.ownMs();
  }

  pause(ms: number): Promise<void> {
    return delay(ms);
  }

  every(ms: number, work: () => void): () => void {
    const timer = setInterval(work, ms).unref();
    return () => clearInterval(timer);
  }
}
