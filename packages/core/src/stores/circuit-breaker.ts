/** Consecutive failures after which calls to a store are paused. */
const failuresToOpen = 3;
/** How long calls are paused before one tries the store again, in ms. */
const pauseMs = 1_000;

/** A change in how a store does: its first failure, the pause of calls, and the success that ends it. */
export type StoreState = 'failing' | 'down' | 'up';

/**
 * Pauses calls to a store for a second after three consecutive failures, then lets one call in each second try it. A success closes it.
 * `now`: ms, of any clock. `changed` receives each change of the state, with the error.
 */
export class CircuitBreaker {
  #failures = 0;
  #pausedUntilMs = 0;

  constructor(
    private readonly now: () => number,
    private readonly changed: (state: StoreState, error: unknown) => void = () => undefined,
  ) {}

  get isOpen(): boolean {
    return this.#failures >= failuresToOpen;
  }

  /** Whether a call may be made now. */
  enter(): boolean {
    if (!this.isOpen) return true;
    const nowMs = this.now();
    if (nowMs < this.#pausedUntilMs) return false;
    this.#pausedUntilMs = nowMs + pauseMs;
    return true;
  }

  succeeded(): void {
    if (this.#failures === 0) return;
    const wasOpen = this.isOpen;
    this.#failures = 0;
    if (wasOpen) this.changed('up', undefined);
  }

  failed(error: unknown): void {
    this.#failures += 1;
    if (this.isOpen) this.#pausedUntilMs = this.now() + pauseMs;
    if (this.#failures === 1) this.changed('failing', error);
    if (this.#failures === failuresToOpen) this.changed('down', error);
  }
}
