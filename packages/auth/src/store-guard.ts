import { publish } from '@tollgate/core/internal';

/** How a {@link StoreGuard} is set up. */
export interface StoreGuardSettings {
  /** Name of the store in published events. */
  readonly store: 'keys' | 'jwks' | 'overrides' | 'revocations';
  /** How long one call may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly now: () => number;
}

const failuresToOpen = 3;
const openForMs = 1_000;

/**
 * Gives every call of a store a deadline, and pauses calls for a second after three consecutive failures: then one call probes, and the
 * rest are refused at once. A store that is back is noticed within about a second. Failures are published.
 */
export class StoreGuard {
  #failures = 0;
  #openUntilMs = 0;
  #probing = false;

  constructor(private readonly settings: StoreGuardSettings) {}

  /** Rejects when the store fails, is too slow, or has been failing. */
  async run<Result>(ask: () => Promise<Result>): Promise<Result> {
    const probe = this.#failures >= failuresToOpen;
    if (probe && (this.#probing || this.settings.now() < this.#openUntilMs)) {
      throw new Error('the store has been failing and is not asked for a moment');
    }
    if (probe) this.#probing = true;
    try {
      const result = await this.#within(ask);
      this.#failures = 0;
      return result;
    } catch (error) {
      this.#failures += 1;
      this.#openUntilMs = this.settings.now() + openForMs;
      const { store } = this.settings;
      publish('tollgate:store', () => ({ store, outcome: 'failed', error: String(error) }));
      throw error;
    } finally {
      if (probe) this.#probing = false;
    }
  }

  async #within<Result>(ask: () => Promise<Result>): Promise<Result> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      const { timeoutMs } = this.settings;
      const late = (): void => reject(new Error(`the store did not answer in ${timeoutMs} ms`));
      // After a blocked event loop timers may run before responses that have already arrived: those are processed first.
      timer = setTimeout(() => setImmediate(late), timeoutMs);
    });
    try {
      return await Promise.race([ask(), deadline]);
    } finally {
      clearTimeout(timer);
    }
  }
}
