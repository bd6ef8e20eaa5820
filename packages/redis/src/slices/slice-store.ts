import {
  type ChargeRequest,
  type ChargeResult,
  type CounterState,
  type Obstacle,
  type QuotaCharge,
  type QuotaCounter,
  QuotaEngine,
  type RenewRequest,
  type ReserveResult,
  refusalOf,
} from '@tollgate/core';
import { Refill, type RefillWorld } from './refill.js';
import type { Slice } from './slice.js';
import { SliceBook } from './slice-book.js';
import type { SliceHome } from './slice-home.js';
import { SliceUpkeep } from './slice-upkeep.js';
import { viewOfState } from './state-view.js';
import type { SliceClock } from './store-clock.js';

/** How old a counter's figures may be that decide on more than what is leased. */
const figuresMs = 1_000;
/** A request asks for more so often at most. */
const mostQuestions = 16;
/** Counters whose demand is remembered; the oldest go first. */
const mostRefills = 10_000;

export interface SliceRequest {
  readonly id: string;
  readonly attemptId: string | undefined;
  readonly charges: readonly QuotaCharge[];
  readonly leaseMs: number;
}

interface Sum {
  readonly counter: QuotaCharge;
  want: number;
  least: number;
}

/**
 * Counters that this process draws in slices: it leases a part of each from the store, and admits, charges and gives back within that
 * part by the engine in memory. The store is asked only when a part runs dry, and told in the background what was used.
 */
export class SliceStore {
  readonly #world: RefillWorld;
  readonly #partitionOf: (counter: QuotaCounter) => string;
  readonly #engine: QuotaEngine;
  readonly #refills = new Map<string, Refill>();
  readonly #readAtMs = new WeakMap<Slice, number>();
  readonly upkeep: SliceUpkeep;

  constructor(
    store: SliceHome,
    clock: SliceClock,
    leaseMs: number,
    partitionOf: (counter: QuotaCounter) => string,
  ) {
    const book = new SliceBook(partitionOf);
    this.#partitionOf = partitionOf;
    this.#world = { store, clock, leaseMs, book };
    this.#engine = new QuotaEngine([], undefined, book);
    this.upkeep = new SliceUpkeep(this.#world, ({ counter }) => this.#refillOf(counter));
  }

  /** Holds the charges, all or none. Rejects where more would have to be leased and the store fails. */
  async reserve({ id, attemptId, charges, leaseMs }: SliceRequest): Promise<ReserveResult> {
    this.upkeep.start();
    await this.#lookAt(charges);
    const obstacles: Obstacle[] = [];
    for (const [index, charge] of charges.entries()) {
      const state = this.#standing(charge);
      if (state) obstacles.push({ index, charge, tally: viewOfState(charge, state, this.#nowMs), ahead: 0 });
    }
    if (obstacles.length > 0) return this.#refused(obstacles);
    for (let question = 0; ; question += 1) {
      const sums = this.#lacking(charges, question > 0);
      if (sums.length === 0 || question === mostQuestions) break;
      const told = await Promise.all(sums.map((sum) => this.#refillOf(sum.counter).ask(sum)));
      for (const [at, refusal] of told.entries()) {
        const { counter } = sums[at] as Sum;
        if (!refusal) continue;
        const index = charges.findIndex((charge) => charge.counter === counter.counter);
        const charge = charges[index] as QuotaCharge;
        obstacles.push({ index, charge, tally: viewOfState(charge, refusal.state, refusal.nowMs), ahead: 0 });
      }
      if (obstacles.length > 0 && this.#lacking(charges, true).length > 0) return this.#refused(obstacles);
      obstacles.length = 0;
    }
    return this.#held({ id, attemptId, charges, leaseMs });
  }

  /** Charges to what is leased; where that is not enough, or not of this process, the truth is told to the store as it is. */
  charge(request: ChargeRequest): ChargeResult {
    this.upkeep.start();
    const { book } = this.#world;
    const result = this.#engine.charge(request, this.#nowMs);
    const states = request.items.map((item) => book.byId(item, item.windowId, this.#nowMs).state(item.limit));
    return { ...result, states };
  }

  renew(request: RenewRequest): boolean {
    return this.#engine.renew(request, this.#nowMs);
  }

  close(id: string, partition: string): void {
    this.#engine.close({ id, partition }, this.#nowMs);
  }

  /** As the store has them, with what this process has admitted instead of what it has leased. */
  async read(partition: string, counters: readonly QuotaCounter[]): Promise<CounterState[]> {
    const { store, book } = this.#world;
    await this.upkeep.tell();
    const states = await store.read(partition, counters);
    return states.map((state, at) => {
      const slice = book.known(state.counter);
      if (slice?.windowId !== state.window) return state;
      slice.see(state);
      return slice.state(counters[at]?.limit);
    });
  }

  /** Charges what nobody will settle any more at what it is known to have cost, and gives everything else back. */
  async end(): Promise<void> {
    this.upkeep.end();
    this.#engine.reapAll(this.#nowMs);
    await this.upkeep.giveBackAll();
  }

  get #nowMs(): number {
    return this.#world.clock.storeMs();
  }

  #refillOf(counter: QuotaCounter): Refill {
    const known = this.#refills.get(counter.counter);
    if (known) return known;
    const refill = new Refill(this.#world, this.#partitionOf(counter));
    this.#refills.set(counter.counter, refill);
    const [oldest] = this.#refills.size > mostRefills ? this.#refills.keys() : [];
    if (oldest !== undefined) this.#refills.delete(oldest);
    return refill;
  }

  /** What is left to ask for, by counter; `least`: what each can do with will do. */
  #lacking(charges: readonly QuotaCharge[], atLeast: boolean): Sum[] {
    const { book, clock } = this.#world;
    const sums = new Map<string, Sum>();
    for (const charge of charges) {
      const { counter, want, min, soft } = charge;
      if (soft || want === 0) continue;
      const sum = sums.get(counter) ?? { counter: charge, want: 0, least: 0 };
      sum.want += want;
      sum.least += min ?? want;
      sums.set(counter, sum);
    }
    return [...sums.values()].filter(({ counter, want, least }) => {
      const free = book.current(counter, this.#nowMs).free(clock.ownMs());
      return free < (atLeast ? least : want);
    });
  }

  #held({ id, attemptId, charges, leaseMs }: SliceRequest): ReserveResult {
    const { book, clock } = this.#world;
    const nowMs = this.#nowMs;
    const local = charges.map((charge) => ({
      ...charge,
      limit: book.current(charge, nowMs).limit(clock.ownMs()),
      onlyBelow: undefined,
      soft: charge.soft || charge.want === 0,
    }));
    const [{ partition }] = [book.current(charges[0] as QuotaCharge, nowMs)];
    const alternatives = [{ charges: local }];
    const result = this.#engine.reserve({ id, partition, attemptId, leaseMs, alternatives }, nowMs);
    const states = charges.map((charge) => book.current(charge, nowMs).state(charge.limit));
    if (!result.ok) {
      const index = result.refusal.charge ?? 0;
      const [charge, state] = [charges[index], states[index]];
      if (!charge || !state) return result;
      return this.#refused([{ index, charge, tally: viewOfState(charge, state, nowMs), ahead: 0 }]);
    }
    for (const [at, { granted }] of result.grants.entries()) {
      this.#refillOf(charges[at] as QuotaCharge).demand.note(granted, clock.ownMs());
    }
    return { ...result, states };
  }

  #refused(obstacles: readonly Obstacle[]): ReserveResult {
    const nowMs = this.#nowMs;
    return { ok: false, refusal: refusalOf(obstacles, nowMs), nowMs };
  }

  /** Where more is asked than whether enough is left, the counter's figures must be of late. */
  async #lookAt(charges: readonly QuotaCharge[]): Promise<void> {
    const { book, clock, store } = this.#world;
    const looked = charges.filter(
      ({ want, onlyBelow, soft }) => (want === 0 && !soft) || onlyBelow !== undefined,
    );
    await Promise.all(
      looked.map(async (charge) => {
        const slice = book.current(charge, this.#nowMs);
        const atMs = clock.ownMs();
        if (slice.seen && atMs - (this.#readAtMs.get(slice) ?? 0) < figuresMs) return;
        const [state] = await store.read(slice.partition, [charge]);
        if (!state) return;
        const seen = book.byId(charge, state.window, this.#nowMs);
        seen.see(state);
        this.#readAtMs.set(seen, atMs);
      }),
    );
  }

  /** The figures by which a charge does not stand that asks for more than whether enough is left. */
  #standing(charge: QuotaCharge): CounterState | undefined {
    const { want, onlyBelow, soft, limit } = charge;
    if (onlyBelow === undefined && (want > 0 || soft)) return undefined;
    const state = this.#world.book.current(charge, this.#nowMs).state(limit);
    const { used, held } = state;
    if (onlyBelow !== undefined && used + held >= onlyBelow * limit) return state;
    return want === 0 && !soft && used >= limit ? state : undefined;
  }
}
