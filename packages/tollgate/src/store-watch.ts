import type { QuotaStore } from '@tollgate/core';

/** How often the store is asked, in ms, and how many failures in a row count as away. */
const everyMs = 500;
const failuresInRow = 2;

/**
 * Whether a shared store answers, for an app that refuses everything while it does not. It is asked all the time, because an app that
 * is not ready gets no requests by which it would notice that it could be.
 */
export class StoreWatch {
  readonly #timer: NodeJS.Timeout;
  #failures = failuresInRow;

  constructor(store: Pick<QuotaStore, 'read'>) {
    let asking = false;
    const ask = async (): Promise<void> => {
      if (asking) return;
      asking = true;
      try {
        await store.read('readiness', []);
        this.#failures = 0;
      } catch {
        this.#failures += 1;
      } finally {
        asking = false;
      }
    };
    this.#timer = setInterval(() => void ask(), everyMs);
    this.#timer.unref();
    void ask();
  }

  get answers(): boolean {
    return this.#failures < failuresInRow;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
