import type { UsageEvent } from '@tollgate/core';
import {
  type ChargeRequest,
  type ChargeResult,
  type CounterState,
  type QuotaCharge,
  type QuotaCounter,
  QuotaEngine,
  type RenewRequest,
  type ReserveResult,
} from '@tollgate/core/internal';
import type { QuietCharge } from '../wire/quiet-requests.js';
import type { RefillWorld } from './refill.js';
import { refusedBy, SliceAllocator } from './slice-allocator.js';
import { SliceEvents } from './slice-events.js';
import { SliceFlusher } from './slice-flusher.js';
import type { SliceHome } from './slice-home.js';
import { SliceTable } from './slice-table.js';
import { viewOfState } from './state-view.js';
import type { SliceClock } from './store-clock.js';

/** One alternative of a request: the amounts that it needs of each counter. */
export interface SliceRequest {
  readonly id: string;
  /** Where its counters live that are not wider than a tenant. */
  readonly partition: string;
  readonly attemptId: string | undefined;
  readonly charges: readonly QuotaCharge[];
  /** Delivered, `uncertain`, if the attempt's end is not seen. */
  readonly event?: UsageEvent | undefined;
}

export interface SliceStoreOptions {
  readonly store: SliceHome;
  readonly clock: SliceClock;
  /** How long the store holds a slice of a process that has fallen silent, ms. */
  readonly leaseMs: number;
  /** How many seconds' takings are leased ahead. */
  readonly secondsAhead: number;
  /** Whether the store delivers usage events. */
  readonly events: boolean;
}

/**
 * Counters of which this process leases slices from the store: it admits, charges and releases within them by the engine in memory. The
 * store is called only when a slice runs dry; used amounts are flushed in the background.
 */
export class SliceStore {
  readonly means: SliceAllocator;
  readonly flusher: SliceFlusher;
  /** Usage events that the store has not been given yet. */
  readonly events: SliceEvents;
  readonly #world: RefillWorld;
  readonly #engine: QuotaEngine;
  /** The longest reservation that was asked for. */
  #longestMs = 0;

  constructor({ store, clock, leaseMs, secondsAhead, events }: SliceStoreOptions) {
    const book = new SliceTable(({ counter }) => this.means.partitionOf(counter));
    const newLease = (): string => store.sliceId(this.#longestMs);
    this.#world = { store, clock, leaseMs, secondsAhead, book, newLease };
    this.means = new SliceAllocator(this.#world);
    this.events = new SliceEvents(store);
    const deliver = events ? (event: UsageEvent | undefined) => this.events.add(event) : undefined;
    this.#engine = new QuotaEngine([], deliver, book);
    this.flusher = new SliceFlusher(this.#world, this.means, this.events, () =>
      this.#engine.sweep(this.#nowMs),
    );
  }

  /** Holds the charges, all or none, at once where enough is leased. Rejects where more would have to be and the store fails. */
  reserve(request: SliceRequest & { readonly leaseMs: number }): ReserveResult | Promise<ReserveResult> {
    this.flusher.start();
    this.#longestMs = Math.max(this.#longestMs, request.leaseMs);
    if (this.means.areFree(request)) return this.reserveHeld(request);
    return this.means.prepare(request).then((refused) => refused ?? this.reserveHeld(request));
  }

  /** The same from leased amounts only. */
  reserveHeld(request: SliceRequest & { readonly leaseMs: number }): ReserveResult {
    const { id, partition, attemptId, leaseMs, event } = request;
    return this.#decided(request, (charges) =>
      this.#engine.reserve(
        { id, partition, attemptId, leaseMs, alternatives: [{ charges, event }] },
        this.#nowMs,
      ),
    );
  }

  /** Holds more for a further attempt of a reservation that this made. Rejects as `reserve` does. */
  async cover(request: SliceRequest & { readonly attemptId: string }): Promise<ReserveResult> {
    const refused = await this.means.prepare({
      ...request,
      charges: request.charges.filter(({ want }) => want > 0),
    });
    if (refused) return refused;
    const { id, partition, attemptId, event } = request;
    return this.#decided(request, (charges) =>
      this.#engine.cover({ id, partition, attemptId, alternatives: [{ charges, event }] }, this.#nowMs),
    );
  }

  /** Joins counters to a reservation that this made; a refusal ends it. Rejects as `reserve` does. */
  async extend(request: SliceRequest): Promise<ReserveResult> {
    const { id, partition } = request;
    const refused = await this.means.prepare(request);
    if (refused) this.close(id, partition);
    if (refused) return refused;
    return this.#decided(request, (charges) => this.#engine.extend({ id, partition, charges }, this.#nowMs));
  }

  /** Returns this process's surplus of a counter, and asks the others to do so. `false`: a recent recall had no result. */
  async recall(charge: QuotaCharge, partition: string): Promise<boolean> {
    const slice = this.#world.book.known(charge.counter);
    const gave = slice !== undefined && (await this.flusher.giveBackOf(slice));
    return (await this.means.refillOf(charge, partition).recall(charge)) || gave;
  }

  /** Charges leased amounts; where they are not enough, or belong to another process, the charge is sent to the store. */
  charge(request: QuietCharge): ChargeResult {
    this.flusher.start();
    const { book } = this.#world;
    for (const item of request.items) this.means.refillOf(item, request.partition);
    const result = this.#engine.charge(request as ChargeRequest, this.#nowMs);
    const states = request.items.map((item) => book.byId(item, item.windowId, this.#nowMs).state(item.limit));
    return { ...result, states };
  }

  renew(request: RenewRequest): boolean {
    return this.#engine.renew(request, this.#nowMs);
  }

  close(id: string, partition: string): void {
    this.#engine.close({ id, partition }, this.#nowMs);
  }

  /** The store's states, with this process's admitted amounts in place of its leased ones. */
  async read(partition: string, counters: readonly QuotaCounter[]): Promise<CounterState[]> {
    const { store, book } = this.#world;
    await this.flusher.tell();
    const states = await store.read(partition, counters);
    return states.map((state, at) => {
      const slice = book.known(state.counter);
      if (slice?.windowId !== state.window) return state;
      slice.see(state);
      return slice.state(counters[at]?.limit);
    });
  }

  /** Charges attempts that this process will no longer settle at their known cost, and returns everything else. */
  async end(): Promise<void> {
    this.flusher.end();
    this.#engine.reapAll(this.#nowMs);
    await this.flusher.giveBackAll();
  }

  get #nowMs(): number {
    return this.#world.clock.storeMs();
  }

  /** Lets the engine decide within the leased amounts, and returns its result with the figures of the store. */
  #decided(
    { charges, partition }: SliceRequest,
    decide: (charges: readonly QuotaCharge[]) => ReserveResult,
  ): ReserveResult {
    const { book, clock } = this.#world;
    const nowMs = this.#nowMs;
    const local = charges.map((charge) => {
      this.means.refillOf(charge, partition);
      const slice = book.current(charge, nowMs);
      slice.age(clock.ownMs());
      const limit = slice.limit(clock.ownMs());
      return { ...charge, limit, onlyBelow: undefined, soft: charge.soft || charge.want === 0 };
    });
    const result = decide(local);
    const states = charges.map((charge) => book.current(charge, nowMs).state(charge.limit));
    if (!result.ok) {
      const index = result.refusal.charge ?? 0;
      const [charge, state] = [charges[index], states[index]];
      if (!charge || !state || result.refusal.blockedBy === 'closed') return result;
      return refusedBy(nowMs, [
        { index, charge, windowCounter: viewOfState(charge, state, nowMs), ahead: 0 },
      ]);
    }
    for (const [at, { granted }] of result.grants.entries()) {
      this.means.note(charges[at] as QuotaCharge, partition, granted);
    }
    return { ...result, states };
  }
}
