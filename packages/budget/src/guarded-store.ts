import type { QuotaStore } from '@tollgate/core';
import { isPromise, publish, whenReady, withinDeadline } from '@tollgate/core/internal';

/** The calls of a quota store that a request waits for. */
type Waited = 'reserve' | 'extend' | 'cover' | 'charge' | 'renew' | 'close';

/** Consecutive failures after which admissions are not tried for a while, so that a hanging store does not delay every request. */
const failuresInRow = 5;
const restMs = 500;

/** The store was not asked. */
class StoreLeftAloneError extends Error {
  override readonly name = 'StoreLeftAloneError';
  readonly mayHaveRun = false;
}

/** Whether a failed store call may have taken effect: always, unless the store reports that it did not. */
export function mayHaveRun(error: unknown): boolean {
  return !(error instanceof Error && 'mayHaveRun' in error && error.mayHaveRun === false);
}

/** The store did not answer in time. The operation may still have run. */
class StoreDeadlineError extends Error {
  override readonly name = 'StoreDeadlineError';
}

/** The same method with its own time limit. */
type WithinTime<Method extends (request: never) => unknown> = (
  request: Parameters<Method>[0],
  withinMs: number,
) => ReturnType<Method>;

/**
 * A quota store behind a deadline: every call fails after `deadlineMs`, no matter what its client does, and every failure is published on
 * `tollgate:store`. A call that has failed may still have run. After five consecutive failures admissions fail at once for half a second,
 * then one tries, unless the store has a separate breaker. Settlements are always tried, since no request waits for them. Results that a
 * store in this process returns synchronously are returned synchronously.
 */
export class GuardedStore implements Pick<QuotaStore, Exclude<Waited, 'reserve' | 'extend'>> {
  readonly reserve: WithinTime<QuotaStore['reserve']>;
  readonly extend: WithinTime<QuotaStore['extend']>;
  readonly cover: QuotaStore['cover'];
  readonly charge: QuotaStore['charge'];
  readonly renew: QuotaStore['renew'];
  readonly close: QuotaStore['close'];
  /** Runs in this process, so there is nothing to wait for. */
  readonly reserveHeld: NonNullable<QuotaStore['reserveHeld']>;

  constructor(store: QuotaStore, deadlineMs: number) {
    const breaker = new Breaker();
    const admission = <Result>(
      operation: Waited,
      run: () => Result | Promise<Result>,
      withinMs = deadlineMs,
    ): Result | Promise<Result> => {
      if (store.hasBreaker) return withDeadline(operation, run, withinMs);
      if (breaker.isOpen()) {
        return Promise.reject(new StoreLeftAloneError('the quota store has failed repeatedly'));
      }
      return breaker.watch(withDeadline(operation, run, withinMs));
    };
    this.reserve = (request, withinMs) => admission('reserve', () => store.reserve(request), withinMs);
    this.extend = async (request, withinMs) => admission('extend', () => store.extend(request), withinMs);
    this.cover = (request) => admission('cover', () => store.cover(request));
    this.charge = (request) => withDeadline('charge', () => store.charge(request), deadlineMs);
    this.renew = async (request) => withDeadline('renew', () => store.renew(request), deadlineMs);
    this.reserveHeld = (request) => store.reserveHeld?.(request);
    this.close = (request) => withDeadline('close', () => store.close(request), deadlineMs);
  }
}

class Breaker {
  #failures = 0;
  #restsUntilMs = 0;

  /** Whether calls to the store are paused. After the pause, the first caller tries. */
  isOpen(): boolean {
    if (this.#failures < failuresInRow) return false;
    const nowMs = performance.now();
    if (nowMs < this.#restsUntilMs) return true;
    this.#restsUntilMs = nowMs + restMs;
    return false;
  }

  watch<Result>(asked: Result | Promise<Result>): Result | Promise<Result> {
    const succeeded = (result: Result): Result => {
      this.#failures = 0;
      return result;
    };
    return whenReady(asked, succeeded, (error) => {
      // A request that the store rejects as malformed is no failure of the store.
      if (!(error instanceof TypeError)) this.#failed();
      throw error;
    });
  }

  #failed(): void {
    this.#failures += 1;
    if (this.#failures >= failuresInRow) this.#restsUntilMs = performance.now() + restMs;
  }
}

function withDeadline<Result>(
  operation: Waited,
  run: () => Result | Promise<Result>,
  deadlineMs: number,
): Result | Promise<Result> {
  let asked: Result | Promise<Result>;
  try {
    asked = run();
  } catch (error) {
    return failed(operation, error);
  }
  if (!isPromise(asked)) return asked;
  const late = (): Error => new StoreDeadlineError(`${operation} took longer than ${deadlineMs} ms`);
  return withinDeadline(deadlineMs, asked, late).catch((error: unknown) => failed(operation, error));
}

function failed(operation: Waited, error: unknown): Promise<never> {
  publish('tollgate:store', () => ({ operation, outcome: 'failed', error: String(error) }));
  return Promise.reject(error);
}
