import { setTimeout as delay } from 'node:timers/promises';
import { contextOf, guarded } from '@tollgate/core';
import { runInContext, withinDeadline } from '@tollgate/core/internal';
import type { RequestHandler } from 'express';

/** Pause between two attempts, in ms. */
const pauseMs = 50;

/** The start of an app: whether everything that requests need has answered once. */
export class Readiness {
  readonly #done: Promise<void>;
  #isDone = false;
  #hasEnded = false;
  /** What each part that has not answered yet last failed with. */
  readonly #failures = new Map<() => unknown, unknown>();

  /** @param asks What requests need; each is asked until it has answered once. */
  constructor(asks: readonly (() => unknown)[]) {
    this.#isDone = asks.length === 0;
    this.#done = Promise.all(asks.map((ask) => this.#answered(ask))).then(() => {
      this.#isDone = !this.#hasEnded;
    });
  }

  /**
   * Resolves when the app is ready. Rejects with an `Error` after `timeoutMs`, whose `cause` is what a part that has not answered yet last failed
   * with, and when the app is closed before.
   */
  async ready(timeoutMs: number): Promise<void> {
    const late = (): Error =>
      new Error(`tg.ready: not ready within ${timeoutMs} ms: a store or the database has not answered yet`, {
        cause: [...this.#failures.values()].at(-1),
      });
    await withinDeadline(timeoutMs, this.#done, late);
    if (!this.#isDone) throw new Error('tg.ready: the app was closed before it was ready');
  }

  /**
   * Holds requests that arrive before the app is ready, for at most `waitMs`; then they continue, and guards whose store has not answered refuse
   * them as their options say.
   */
  hold(waitMs: number): RequestHandler {
    return guarded('tollgateReadiness', (req, res, next) => {
      if (this.#isDone) return next();
      const context = contextOf(req, res);
      const goOn = (): void => {
        if (!context.calls.finished) runInContext(context, next);
      };
      return Promise.race([this.#done, delay(waitMs, undefined, { ref: false })]).then(goOn);
    });
  }

  end(): void {
    this.#hasEnded = true;
  }

  async #answered(ask: () => unknown): Promise<void> {
    while (!this.#hasEnded) {
      try {
        await ask();
        this.#failures.delete(ask);
        return;
      } catch (error) {
        this.#failures.set(ask, error);
        await delay(pauseMs, undefined, { ref: false });
      }
    }
  }
}
