import { isPromise } from '../lib/maybe-promise.js';
import { withinDeadline } from '../request/deadline.js';
import { CircuitBreaker, type StoreState } from './circuit-breaker.js';

/** How a {@link StoreClient} is set up. */
export interface StoreClientOptions {
  /** How long a call may take, in ms. */
  readonly deadlineMs: number;
  /** The clock of the pauses, in ms. @defaultValue a monotonic one */
  readonly now?: () => number;
  /** Whether an error speaks against the store: some reject requests that are malformed. @defaultValue every error does */
  readonly isFailure?: (error: unknown) => boolean;
  /** Receives each call that has failed or was late. */
  readonly failed?: (operation: string, error: unknown) => void;
  /** Receives each change of the store's state. */
  readonly changed?: (state: StoreState, error: unknown) => void;
}

/** A store may pause calls to a failing server itself, separately for each server: then it is always called. */
interface BreakableStore {
  readonly hasBreaker?: boolean;
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
export class StoreClient<Store extends BreakableStore | object> {
  readonly #options: StoreClientOptions;
  readonly #hasBreaker: boolean;
  readonly #breaker: CircuitBreaker;

  constructor(
    readonly store: Store,
    options: StoreClientOptions,
  ) {
    this.#options = options;
    this.#hasBreaker = 'hasBreaker' in store && store.hasBreaker === true;
    this.#breaker = new CircuitBreaker(options.now ?? (() => performance.now()), options.changed);
  }

  /** The last three calls, or more, have failed. */
  get isDown(): boolean {
    return this.#breaker.isOpen;
  }

  /** A call that a request waits for: rejects when the store fails or is late, and at once while calls are paused. */
  run<Result>(
    operation: string,
    ask: (store: Store) => Result | Promise<Result>,
    withinMs = this.#options.deadlineMs,
  ): Result | Promise<Result> {
    if (!this.#breaker.enter() && !this.#hasBreaker) {
      return Promise.reject(
        new StorePausedError('the store has been failing; calls are paused for a moment'),
      );
    }
    return this.try(operation, ask, true, withinMs);
  }

  /**
   * A call that no request waits for: made even while the others are paused. `isEvidence`: whether it counts for or against a pause.
   */
  try<Result>(
    operation: string,
    ask: (store: Store) => Result | Promise<Result>,
    isEvidence = false,
    withinMs = this.#options.deadlineMs,
  ): Result | Promise<Result> {
    const breaker = isEvidence ? this.#breaker : undefined;
    const failed = (error: unknown): Promise<never> => {
      if (this.#options.isFailure?.(error) ?? true) breaker?.failed(error);
      this.#options.failed?.(operation, error);
      return Promise.reject(error);
    };
    let asked: Result | Promise<Result>;
    try {
      asked = ask(this.store);
    } catch (error) {
      return failed(error);
    }
    if (!isPromise(asked)) {
      breaker?.succeeded();
      return asked;
    }
    const late = (): Error =>
      new StoreDeadlineError(`${operation}: the store did not answer in ${withinMs} ms`);
    const succeeded = (result: Result): Result => {
      breaker?.succeeded();
      return result;
    };
    return withinDeadline(withinMs, asked, late).then(succeeded, failed);
  }
}
