import { setTimeout as delay } from 'node:timers/promises';

/** The store's clock as far as its answers tell, and this process's own, which never goes back. */
export interface SliceClock {
  /** The store's time, never ahead of it: ms since the epoch. */
  storeMs(): number;
  ownMs(): number;
  /** An answer has told the store's time. */
  heard(storeMs: number): void;
  pause(ms: number): Promise<void>;
  /** Does something again and again, and keeps no process alive for it; what it returns stops it. */
  every(ms: number, work: () => void): () => void;
}

/** An answer that tells a time so far behind comes from a server whose clock is another. */
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
