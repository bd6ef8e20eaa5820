import { isAnswered, publish, type QuotaStore, withinDeadline } from '@tollgate/core';

/** The calls of a quota store that a request waits for. */
type Waited = 'reserve' | 'extend' | 'cover' | 'charge' | 'renew' | 'close';

/** So many failures in a row, and admissions are not asked for so long: a store that hangs must not hold up every request. */
const failuresInRow = 5;
const restMs = 500;

/** The store was not asked. */
class StoreLeftAloneError extends Error {
  override readonly name = 'StoreLeftAloneError';
  readonly mayHaveRun = false;
}

/** Whether a call that failed may have been done all the same: always, unless the store says that it was not. */
export function mayHaveRun(error: unknown): boolean {
  return !(error instanceof Error && 'mayHaveRun' in error && error.mayHaveRun === false);
}

/** The store did not answer in time. What was asked may still have happened. */
class StoreDeadlineError extends Error {
  override readonly name = 'StoreDeadlineError';
}

/** The same within a time of its own. */
type WithinTime<Method extends (request: never) => unknown> = (
  request: Parameters<Method>[0],
  withinMs: number,
) => ReturnType<Method>;

/**
 * A quota store behind a deadline: every call fails after `deadlineMs`, whatever its client thinks, and every failure is published
 * on `tollgate:store`. A call that has failed may still have run. After five failures in a row admissions fail at once for
 * half a second, then one tries, unless the store has a breaker of its own. Settlements are always tried: they wait for nobody.
 */
export class GuardedStore implements Pick<QuotaStore, Exclude<Waited, 'reserve' | 'extend'>> {
  readonly reserve: WithinTime<QuotaStore['reserve']>;
  readonly extend: WithinTime<QuotaStore['extend']>;
  readonly cover: QuotaStore['cover'];
  readonly charge: QuotaStore['charge'];
  readonly renew: QuotaStore['renew'];
  readonly close: QuotaStore['close'];
  /** Asks nobody, so nothing is waited for. */
  readonly reserveHeld: NonNullable<QuotaStore['reserveHeld']>;

  constructor(store: QuotaStore, deadlineMs: number) {
    const within = <Result>(
      operation: Waited,
      run: () => Promise<Result>,
      withinMs = deadlineMs,
    ): Promise<Result> => withDeadline(operation, run, withinMs);
    const breaker = new Breaker();
    const admission: typeof within = (operation, run, withinMs) => {
      const ask = () => within(operation, run, withinMs);
      return store.hasBreaker ? ask() : breaker.run(ask);
    };
    this.reserve = (request, withinMs) => admission('reserve', () => store.reserve(request), withinMs);
    this.extend = (request, withinMs) => admission('extend', () => store.extend(request), withinMs);
    this.cover = (request) => admission('cover', () => store.cover(request));
    this.charge = (request) => within('charge', () => store.charge(request));
    this.renew = (request) => within('renew', () => store.renew(request));
    this.reserveHeld = (request) => store.reserveHeld?.(request);
    this.close = (request) => within('close', () => store.close(request));
  }
}

class Breaker {
  #failures = 0;
  #restsUntilMs = 0;

  run<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.#failures >= failuresInRow) {
      const nowMs = performance.now();
      if (nowMs < this.#restsUntilMs)
        return Promise.reject(new StoreLeftAloneError('the quota store has failed repeatedly'));
      this.#restsUntilMs = nowMs + restMs;
    }
    const asked = call();
    if (isAnswered(asked)) {
      this.#failures = 0;
      return asked;
    }
    return asked.then(
      (result) => {
        this.#failures = 0;
        return result;
      },
      (error: unknown) => {
        // A request that the store takes for malformed says nothing about the store.
        if (!(error instanceof TypeError)) this.#failed();
        throw error;
      },
    );
  }

  #failed(): void {
    this.#failures += 1;
    if (this.#failures >= failuresInRow) this.#restsUntilMs = performance.now() + restMs;
  }
}

/** A store in this process may have answered when it returns: then there is nothing to wait for. */
function withDeadline<Result>(
  operation: Waited,
  run: () => Promise<Result>,
  deadlineMs: number,
): Promise<Result> {
  const failed = (error: unknown): Promise<never> => {
    publish('tollgate:store', () => ({ operation, outcome: 'failed', error: String(error) }));
    return Promise.reject(error);
  };
  let asked: Promise<Result>;
  try {
    asked = run();
  } catch (error) {
    return failed(error);
  }
  if (isAnswered(asked)) return asked;
  const late = (): Error => new StoreDeadlineError(`${operation} took longer than ${deadlineMs} ms`);
  return withinDeadline(deadlineMs, asked, late).catch(failed);
}
