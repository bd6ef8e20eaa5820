import { hasSubscribers, publish } from './channel.js';

/** Measures how long the guards of a request take, without the time in which they wait for its client or for its turn. */
export class OwnTime {
  #sinceMs = performance.now();
  #pausedAtMs: number | undefined;
  #isOver = false;

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

  /** The stage is over: publishes its time, once. */
  end(stage: 'admission' | 'call' | 'settlement'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.resume();
    const ms = performance.now() - this.#sinceMs;
    publish('tollgate:overhead', () => ({ stage, ms }));
  }
}

/** Starts measuring, if the channel has a subscriber: otherwise it would cost every request something for nothing. */
export const ownTime = (): OwnTime | undefined =>
  hasSubscribers('tollgate:overhead') ? new OwnTime() : undefined;
