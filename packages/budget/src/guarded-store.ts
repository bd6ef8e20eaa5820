import type { QuotaStore } from '@tollgate/core';
import {
  type ChargeRequest,
  type ChargeResult,
  type CloseRequest,
  type CoverRequest,
  publish,
  type RenewRequest,
  type ReserveRequest,
  type ReserveResult,
  StoreClient,
  StorePausedError,
  whenReady,
} from '@tollgate/core/internal';

/** The calls of a quota store that a request waits for. */
type Waited = 'reserve' | 'extend' | 'cover' | 'charge' | 'renew' | 'close';

/** The same method with its own time limit. */
type WithinTime<Method extends (request: never) => unknown> = (
  request: Parameters<Method>[0],
  withinMs: number,
) => ReturnType<Method>;

/**
 * A quota store behind a {@link StoreClient}, with every failed call published on `tollgate:store`. A call that has failed may still have run.
 * While the store is down admissions fail at once; settlements are always tried, since no request waits for them.
 */
export class GuardedStore implements Pick<QuotaStore, Exclude<Waited, 'reserve' | 'extend'>> {
  readonly #store: QuotaStore;
  readonly #client: StoreClient;

  constructor(store: QuotaStore, deadlineMs: number) {
    this.#store = store;
    this.#client = new StoreClient({ deadlineMs, hasBreaker: store.hasBreaker });
  }

  readonly reserve: WithinTime<QuotaStore['reserve']> = (request, withinMs) =>
    whenReady(
      this.#client.run(() => this.#store.reserve(request), withinMs),
      same,
      failed.reserve,
    );

  readonly extend: WithinTime<QuotaStore['extend']> = async (request, withinMs) =>
    whenReady(
      this.#client.run(() => this.#store.extend(request), withinMs),
      same,
      failed.extend,
    );

  cover(request: CoverRequest): ReserveResult | Promise<ReserveResult> {
    return whenReady(
      this.#client.run(() => this.#store.cover(request)),
      same,
      failed.cover,
    );
  }

  charge(request: ChargeRequest): ChargeResult | Promise<ChargeResult> {
    return whenReady(
      this.#client.try(() => this.#store.charge(request)),
      same,
      failed.charge,
    );
  }

  async renew(request: RenewRequest): Promise<boolean> {
    return whenReady(
      this.#client.try(() => this.#store.renew(request)),
      same,
      failed.renew,
    );
  }

  close(request: CloseRequest): void | Promise<void> {
    return whenReady(
      this.#client.try(() => this.#store.close(request)),
      same,
      failed.close,
    );
  }

  /** Runs in this process, so there is nothing to wait for. */
  reserveHeld(request: ReserveRequest): ReserveResult | undefined {
    return this.#store.reserveHeld?.(request);
  }
}

const same = <Result>(result: Result): Result => result;

const failedAt =
  (operation: Waited) =>
  (error: unknown): never => {
    if (!(error instanceof StorePausedError)) {
      publish('tollgate:store', () => ({ operation, outcome: 'failed', error: String(error) }));
    }
    throw error;
  };

const failed = {
  reserve: failedAt('reserve'),
  extend: failedAt('extend'),
  cover: failedAt('cover'),
  charge: failedAt('charge'),
  renew: failedAt('renew'),
  close: failedAt('close'),
};
