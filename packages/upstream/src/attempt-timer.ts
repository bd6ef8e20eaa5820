import type { TimeoutKind } from './upstream-error.js';

/** What the timer asks its attempt: when the next limit passes, and which one that is. */
export interface Limit {
  readonly atMs: number;
  readonly kind: TimeoutKind | 'drain';
}

/**
 * One coarse timer for all limits of an attempt. Pieces of an answer only move a number; the timer finds out when it fires that
 * the limit has moved on, and waits for the rest.
 */
export class AttemptTimer {
  #timer: NodeJS.Timeout | undefined;
  #armedForMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly nowMs: () => number,
    private readonly nextLimit: () => Limit,
    private readonly passed: (kind: Limit['kind']) => void,
  ) {}

  /** Arms the timer, or makes it fire earlier where the next limit has come nearer. */
  check(): void {
    const { atMs } = this.nextLimit();
    if (atMs >= this.#armedForMs) return;
    this.stop();
    this.#armedForMs = atMs;
    // Node fires up to a millisecond early.
    this.#timer = setTimeout(() => this.#fire(), Math.max(1, Math.ceil(atMs - this.nowMs()) + 1));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#armedForMs = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    this.#timer = undefined;
    this.#armedForMs = Number.POSITIVE_INFINITY;
    const { atMs, kind } = this.nextLimit();
    if (this.nowMs() >= atMs) this.passed(kind);
    else this.check();
  }
}
