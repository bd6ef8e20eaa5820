import type { QuotaStore } from '@tollgate/core';
import {
  type AdjustRequest,
  adjusted,
  attempt,
  type ChargeRequest,
  type ChargeResult,
  type CloseRequest,
  type CounterState,
  type CoverRequest,
  checkAlternatives,
  checkLease,
  type ExtendRequest,
  publish,
  type QuotaCounter,
  type RenewRequest,
  type ReserveRequest,
  type ReserveResult,
  whenReady,
} from '@tollgate/core/internal';
import { RememberedRefusals } from './remembered-refusals.js';

/** Reservation ids of this process that are remembered at least, so that a repeated one is decided by the store. */
const leastIds = 10_000;

export interface RefusalMemoryOptions {
  /** How long a refusal may be repeated, in ms. */
  readonly rememberMs: number;
  /** A monotonic clock, in ms. */
  readonly now?: (() => number) | undefined;
}

/**
 * A quota store that repeats refusals from memory for a while where the used amount alone leaves less than requested: a caller that has
 * spent everything costs the store nothing. All other requests go to the store, as does one with a raised cap; a correction of the used
 * amount by another process takes effect after `rememberMs`.
 */
export class RefusalMemory implements QuotaStore {
  /** Only where the store has it. */
  readonly reserveHeld?: (request: ReserveRequest) => ReserveResult | undefined;
  readonly #store: QuotaStore;
  readonly #now: () => number;
  readonly #refusals: RememberedRefusals;
  #ids = new Set<string>();
  /** The ids before: removing the oldest of one set repeatedly would mean a search among all removed ones. */
  #olderIds: ReadonlySet<string> = new Set();

  constructor(store: QuotaStore, { rememberMs, now = () => performance.now() }: RefusalMemoryOptions) {
    this.#store = store;
    if (store.reserveHeld) this.reserveHeld = (request) => store.reserveHeld?.(request);
    this.#now = now;
    this.#refusals = new RememberedRefusals(rememberMs);
  }

  get hasBreaker(): boolean {
    return this.#store.hasBreaker ?? false;
  }

  answeredMs(partition: string): number {
    return this.#store.answeredMs?.(partition) ?? Number.NEGATIVE_INFINITY;
  }

  reserve(request: ReserveRequest): ReserveResult | Promise<ReserveResult> {
    return attempt(() => this.#refused(request) ?? this.#ask(request));
  }

  charge(request: ChargeRequest): ChargeResult | Promise<ChargeResult> {
    return whenReady(this.#store.charge(request), (result) => {
      if (result.outcome === 'adjusted') {
        for (const { counter } of request.items) this.#refusals.forget(counter);
      }
      this.#refusals.notice(result.states);
      return result;
    });
  }

  async adjust(request: AdjustRequest): Promise<boolean> {
    const isNew = await adjusted(this.#store, request);
    for (const { counter } of request.charges) this.#refusals.forget(counter);
    return isNew;
  }

  async read(partition: string, counters: readonly QuotaCounter[]): Promise<readonly CounterState[]> {
    const states = await this.#store.read(partition, counters);
    this.#refusals.notice(states);
    return states;
  }

  extend(request: ExtendRequest): Promise<ReserveResult> {
    return this.#store.extend(request);
  }

  cover(request: CoverRequest): ReserveResult | Promise<ReserveResult> {
    return this.#store.cover(request);
  }

  renew(request: RenewRequest): Promise<boolean> {
    return this.#store.renew(request);
  }

  close(request: CloseRequest): void | Promise<void> {
    return this.#store.close(request);
  }

  end(): Promise<void> {
    return this.#store.end();
  }

  /** The refusal that needs not be asked for. Throws a `TypeError` for a request that no store takes. */
  #refused(request: ReserveRequest): ReserveResult | undefined {
    const { id, partition, alternatives } = request;
    const told = this.#refusals.refusalFor(alternatives, this.#now());
    if (!told || this.#ids.has(id) || this.#olderIds.has(id)) return undefined;
    checkAlternatives(alternatives);
    checkLease(request);
    const { blockedBy, state } = told.refusal;
    publish('tollgate:reserve', () => ({
      operation: 'reserve',
      id,
      partition,
      ok: false,
      blockedBy,
      counter: state?.counter,
      remembered: true,
    }));
    return { ok: false, ...told };
  }

  #ask(request: ReserveRequest): ReserveResult | Promise<ReserveResult> {
    const { id, alternatives } = request;
    const { forgotten } = this.#refusals;
    const askedAtMs = this.#now();
    this.#keep(id);
    return whenReady(this.#store.reserve(request), (result) => {
      if (result.ok) this.#refusals.notice(result.states);
      else {
        this.#ids.delete(id);
        if (forgotten === this.#refusals.forgotten)
          this.#refusals.remember(result, alternatives, askedAtMs, this.#now());
      }
      return result;
    });
  }

  #keep(id: string): void {
    this.#ids.add(id);
    if (this.#ids.size <= leastIds) return;
    this.#olderIds = this.#ids;
    this.#ids = new Set();
  }
}
