import { publish, type QuotaStore } from '@tollgate/core';

/** The calls of a quota store that a request waits for. */
type Waited = 'reserve' | 'extend' | 'cover' | 'charge' | 'renew' | 'close';

/** The store did not answer in time. What was asked may still have happened. */
class StoreDeadlineError extends Error {
  override readonly name = 'StoreDeadlineError';
}

/**
 * A quota store behind a deadline: every call fails after `deadlineMs`, whatever its client thinks, and every failure is published
 * on `tollgate:store`. A call that has failed may still have run.
 */
export class GuardedStore implements Pick<QuotaStore, Waited> {
  readonly reserve: QuotaStore['reserve'];
  readonly extend: QuotaStore['extend'];
  readonly cover: QuotaStore['cover'];
  readonly charge: QuotaStore['charge'];
  readonly renew: QuotaStore['renew'];
  readonly close: QuotaStore['close'];

  constructor(store: QuotaStore, deadlineMs: number) {
    const within = <Result>(operation: Waited, run: () => Promise<Result>): Promise<Result> =>
      withDeadline(operation, run, deadlineMs);
    this.reserve = (request) => within('reserve', () => store.reserve(request));
    this.extend = (request) => within('extend', () => store.extend(request));
    this.cover = (request) => within('cover', () => store.cover(request));
    this.charge = (request) => within('charge', () => store.charge(request));
    this.renew = (request) => within('renew', () => store.renew(request));
    this.close = (request) => within('close', () => store.close(request));
  }
}

function withDeadline<Result>(
  operation: Waited,
  run: () => Promise<Result>,
  deadlineMs: number,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      publish('tollgate:store', () => ({ operation, outcome: 'failed', error: String(error) }));
      reject(error);
    };
    const timer = setTimeout(
      () => fail(new StoreDeadlineError(`${operation} took longer than ${deadlineMs} ms`)),
      deadlineMs,
    );
    const answered = (result: Result): void => {
      clearTimeout(timer);
      resolve(result);
    };
    try {
      run().then(answered, fail);
    } catch (error) {
      fail(error);
    }
  });
}
