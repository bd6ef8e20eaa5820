import { hasSubscribers, publish } from './channel.js';

/** Measures how long the guards of a request take, without the time in which they wait for its client or for its turn. */
export class OwnTime {
  #sinceMs = performance.now();
  #pausedAtMs: number | undefined;

  /** Waiting begins. */
  pause(): void {
    this.#pausedAtMs ??= performance.now();
  }

  /** Waiting is over, where it had begun. */
  resume(): void {
    if (this.#pausedAtMs === undefined) return;
    this.#sinceMs += performance.now() - this.#pausedAtMs;
    this.#pausedAtMs = undefined;
  }

  /** Publishes the time of a stage, up to now. */
  publish(stage: 'admission' | 'call' | 'settlement'): void {
    this.resume();
    const ms = performance.now() - this.#sinceMs;
    publish('tollgate:overhead', () => ({ stage, ms }));
  }
}

/** Starts measuring, where anybody listens: an unheard clock would cost every request. */
export const ownTime = (): OwnTime | undefined =>
  hasSubscribers('tollgate:overhead') ? new OwnTime() : undefined;
