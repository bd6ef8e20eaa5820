import { isPromise, whenReady } from '../lib/maybe-promise.js';
import { withinDeadline } from '../request/deadline.js';
import { CircuitBreaker, type StoreState } from './circuit-breaker.js';

/** How a {@link StoreClient} is set up. */
export interface StoreClientOptions {
  /** How long a call may take, in ms. */
  readonly deadlineMs: number;
  /** The clock of the pauses, in ms. @defaultValue a monotonic one */
  readonly now?: () => number;
  /** The store pauses calls to a failing server itself, separately for each: it is always called. @defaultValue false */
  readonly hasBreaker?: boolean | undefined;
  /** Is told of each change of the store's state. */
  readonly changed?: (state: StoreState, error: unknown) => void;
}

/** The store was not called, since it has been failing. */
export class StorePausedError extends Error {
  override readonly name = 'StorePausedError';
  readonly mayHaveRun = false;
}

/** The store did not answer in time. The call may still have run. */
class StoreDeadlineError extends Error {
  override readonly name = 'StoreDeadlineError';
}

/** Whether a failed call may have taken effect: always, unless the error says that it did not. */
export function mayHaveRun(error: unknown): boolean {
  return !(error instanceof Error && 'mayHaveRun' in error && error.mayHaveRun === false);
}

/**
 * The deadline and the circuit breaker in front of a store. Values that a store in this process returns at once are returned at once; what
 * it throws becomes a rejection.
 */
export class StoreClient {
  readonly #deadlineMs: number;
  readonly #hasBreaker: boolean;
  readonly #breaker: CircuitBreaker;

  constructor({
    deadlineMs,
    now = () => performance.now(),
    hasBreaker = false,
    changed,
  }: StoreClientOptions) {
    this.#deadlineMs = deadlineMs;
    this.#hasBreaker = hasBreaker;
    this.#breaker = new CircuitBreaker(now, changed);
  }

  /** The last three calls, or more, have failed. */
  get isDown(): boolean {
    return this.#breaker.isOpen;
  }

  /** A call that a request waits for: rejects when the store fails or is late, and at once while calls are paused. */
  run<Result>(ask: () => Result | Promise<Result>, withinMs = this.#deadlineMs): Result | Promise<Result> {
    const breaker = this.#breaker;
    if (!breaker.enter() && !this.#hasBreaker) {
      return Promise.reject(
        new StorePausedError('the store has been failing; calls are paused for a moment'),
      );
    }
    const succeeded = (result: Result): Result => {
      breaker.succeeded();
      return result;
    };
    return whenReady(this.try(ask, withinMs), succeeded, (error) => {
      // What the store rejects as malformed is no failure of the store.
      if (!(error instanceof TypeError)) breaker.failed(error);
      throw error;
    });
  }

  /** A call that no request waits for: made even while the others are paused, and no evidence for or against a pause. */
  try<Result>(ask: () => Result | Promise<Result>, withinMs = this.#deadlineMs): Result | Promise<Result> {
    let asked: Result | Promise<Result>;
    try {
      asked = ask();
    } catch (error) {
      return Promise.reject(error);
    }
    if (!isPromise(asked)) return asked;
    return withinDeadline(
      withinMs,
      asked,
      () => new StoreDeadlineError(`the store did not answer in ${withinMs} ms`),
    );
  }
}
