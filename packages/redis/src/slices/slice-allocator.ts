import {
  type BlockingCounter,
  type CounterState,
  type QuotaCharge,
  type QuotaCounter,
  type ReserveResult,
  refusalOf,
} from '@tollgate/core/internal';
import { widePartition } from '../wire/wide-part.js';
import { Refill, type RefillWorld } from './refill.js';
import type { Slice } from './slice.js';
import { viewOfState } from './state-view.js';

/** The largest age of a counter's figures that decide on more than the leased amount, in ms. */
const figuresMs = 1_000;
/** The most store calls of one request. */
const mostQuestions = 16;
/**
 * Requests per second from which slices of a counter save more store calls than they cost: about ten a second for leasing, flushing and
 * returning.
 */
const busyPerSecond = 20;
/** Counters whose demand is remembered; the oldest go first. */
const mostRefills = 10_000;

interface Sum {
  readonly counter: QuotaCharge;
  want: number;
  least: number;
}

/** The amounts that requests need from counters, and the partition of those counters that are not wider than a tenant. */
export interface Asked {
  readonly charges: readonly QuotaCharge[];
  readonly partition: string;
}

/** Leases the amounts that requests need: tracks the use of each counter, and leases more from the store. */
export class SliceAllocator {
  readonly #world: RefillWorld;
  readonly #refills = new Map<string, Refill>();
  readonly #readAtMs = new WeakMap<Slice, number>();

  constructor(world: RefillWorld) {
    this.#world = world;
  }

  partitionOf(counter: string): string {
    return this.#refills.get(counter)?.partition ?? widePartition;
  }

  refillOf(counter: QuotaCounter, partition: string): Refill {
    const known = this.#refills.get(counter.counter);
    if (known) return known;
    const refill = new Refill(this.#world, counter.wide ? widePartition : partition);
    this.#refills.set(counter.counter, refill);
    const [oldest] = this.#refills.size > mostRefills ? this.#refills.keys() : [];
    if (oldest !== undefined) this.#refills.delete(oldest);
    return refill;
  }

  /** Makes sure that the requested amounts are free, with store calls where needed; otherwise returns the refusal. */
  async prepare({ charges, partition }: Asked): Promise<ReserveResult | undefined> {
    await this.#lookAt(charges, partition);
    const blocking: BlockingCounter[] = [];
    for (const [index, charge] of charges.entries()) {
      const state = this.#standing(charge);
      if (state)
        blocking.push({ index, charge, windowCounter: viewOfState(charge, state, this.#nowMs), ahead: 0 });
    }
    if (blocking.length > 0) return refusedBy(this.#nowMs, blocking);
    for (let question = 0; question < mostQuestions; question += 1) {
      const sums = this.#lacking(charges, partition, question > 0);
      if (sums.length === 0) return undefined;
      const told = await Promise.all(sums.map((sum) => this.refillOf(sum.counter, partition).ask(sum)));
      for (const [at, refusal] of told.entries()) {
        const { counter } = sums[at] as Sum;
        if (!refusal) continue;
        const index = charges.findIndex((charge) => charge.counter === counter.counter);
        const charge = charges[index] as QuotaCharge;
        blocking.push({
          index,
          charge,
          windowCounter: viewOfState(charge, refusal.state, refusal.nowMs),
          ahead: 0,
        });
      }
      if (blocking.length > 0 && this.#lacking(charges, partition, true).length > 0)
        return refusedBy(this.#nowMs, blocking);
      blocking.length = 0;
    }
    return undefined;
  }

  /** Whether everything fits in leased amounts, with no further condition, on counters each named once. */
  areFree({ charges, partition }: Asked): boolean {
    const { book, clock } = this.#world;
    const [nowMs, atMs] = [this.#nowMs, clock.ownMs()];
    return charges.every((charge, index) => {
      const { counter, want, onlyBelow, soft } = charge;
      if (onlyBelow !== undefined || (want === 0 && !soft)) return false;
      for (let before = 0; before < index; before += 1)
        if (charges[before]?.counter === counter) return false;
      this.refillOf(charge, partition);
      return soft || book.current(charge, nowMs).free(atMs) >= want;
    });
  }

  /** Whether everything fits in leased amounts. */
  suffice({ charges, partition }: Asked): boolean {
    return (
      charges.every((charge) => !this.#standing(charge)) &&
      this.#lacking(charges, partition, false).length === 0
    );
  }

  /** Leases ahead the recent usage of busy counters, in the background; not amounts that can be kept only for a moment. */
  keepAhead({ charges, partition }: Asked): void {
    const { book, clock } = this.#world;
    for (const charge of charges) {
      if (charge.soft || charge.window.kind === 'bucket' || !this.isBusy(charge, partition)) continue;
      const refill = this.refillOf(charge, partition);
      const slice = book.current(charge, this.#nowMs);
      const ahead = refill.ahead(charge, slice.seen?.state.left ?? charge.limit);
      if (2 * slice.free(clock.ownMs()) >= ahead) continue;
      const need = { counter: charge, want: ahead, least: Math.min(ahead, charge.want), isAhead: true };
      refill.ask(need).catch(() => undefined);
    }
  }

  /** Whether a counter has enough requests per second for slices to pay, and enough is left of it to lease ahead. */
  isBusy(charge: QuotaCharge, partition: string): boolean {
    const { book, clock } = this.#world;
    if (charge.soft || charge.wide) return true;
    const refill = this.refillOf(charge, partition);
    if (refill.requests.perSecond(clock.ownMs()) < busyPerSecond) return false;
    const left = book.current(charge, this.#nowMs).seen?.state.left ?? charge.limit;
    return charge.want <= refill.ahead(charge, left);
  }

  /** Notes that a request took so much of a counter. */
  note(charge: QuotaCharge, partition: string, amount: number): void {
    const atMs = this.#world.clock.ownMs();
    const refill = this.refillOf(charge, partition);
    refill.demand.note(amount, atMs);
    refill.requests.note(1, atMs);
  }

  /** The amounts still to be leased, by counter; `least`: the smallest sufficient amounts are enough. */
  #lacking(charges: readonly QuotaCharge[], partition: string, atLeast: boolean): Sum[] {
    const { book, clock } = this.#world;
    const sums = new Map<string, Sum>();
    for (const charge of charges) {
      const { counter, want, min, soft } = charge;
      this.refillOf(charge, partition);
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

  get #nowMs(): number {
    return this.#world.clock.storeMs();
  }

  /** Refreshes the figures of the counter where the caller needs more than to know whether enough is left. */
  async #lookAt(charges: readonly QuotaCharge[], partition: string): Promise<void> {
    const { book, clock, store } = this.#world;
    const looked = charges.filter(
      ({ want, onlyBelow, soft }) => (want === 0 && !soft) || onlyBelow !== undefined,
    );
    await Promise.all(
      looked.map(async (charge) => {
        this.refillOf(charge, partition);
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

  /** The counter's figures that rule out a charge which needs more than to know whether enough is left. */
  #standing(charge: QuotaCharge): CounterState | undefined {
    const { want, onlyBelow, soft, limit } = charge;
    if (onlyBelow === undefined && (want > 0 || soft)) return undefined;
    const state = this.#world.book.current(charge, this.#nowMs).state(limit);
    const { used, held } = state;
    if (onlyBelow !== undefined && used + held >= onlyBelow * limit) return state;
    return want === 0 && !soft && used >= limit ? state : undefined;
  }
}

/** The refusal for the charges that do not fit, at a moment of the store's clock. */
export function refusedBy(nowMs: number, blocking: readonly BlockingCounter[]): ReserveResult {
  return { ok: false, refusal: refusalOf(blocking, nowMs), nowMs };
}
