import type { CounterState, QuotaCounter, ReserveResult } from '@tollgate/core/internal';
import { Demand } from './demand.js';
import type { SliceHome } from './slice-home.js';
import { aheadOf, amountsToAsk, drawing } from './slice-size.js';
import type { SliceTable } from './slice-table.js';
import type { SliceClock } from './store-clock.js';

/** Time within which other processes return amounts after a recall, in ms; they check every 25 ms. */
const recallMs = 45;
/** After a recall without result, or a recall by another process, how long nothing is leased ahead and no recall is sent, in ms. */
const scarceMs = 1_000;
/** Permits of a `concurrent` counter that are asked for in one turn at most. */
const mostPermits = 256;

export interface RefillWorld {
  readonly store: SliceHome;
  readonly book: SliceTable;
  readonly clock: SliceClock;
  readonly leaseMs: number;
  /** How many seconds' takings are leased ahead. */
  readonly secondsAhead: number;
  /** The id of a further lease. */
  readonly newLease: () => string;
}

/** A request that needs more than the free amount of a counter. */
export interface Need {
  readonly counter: QuotaCounter;
  readonly want: number;
  /** The least that it can do with. */
  readonly least: number;
  /** No request waits for it. */
  readonly isAhead?: boolean;
}

/** How the store refused to lease more. */
export interface RefillRefusal {
  readonly state: CounterState;
  readonly nowMs: number;
}

type Refused = Extract<ReserveResult, { ok: false }>;

/** Leases more of one counter: one question at a time, for all requests that wait for it together. */
export class Refill {
  readonly demand = new Demand();
  /** How many requests took of it. */
  readonly requests = new Demand();
  readonly #world: RefillWorld;
  #waiting = new Set<Need>();
  #asking: Promise<unknown> = Promise.resolve();
  #next: Promise<RefillRefusal | undefined> | undefined;
  #scarceUntilMs = 0;

  constructor(
    world: RefillWorld,
    readonly partition: string,
  ) {
    this.#world = world;
  }

  /** Another process needs the remaining amount. */
  becomeScarce(): void {
    this.#scarceUntilMs = this.#world.clock.ownMs() + scarceMs;
  }

  /** How much may be kept without being needed now. */
  ahead(counter: QuotaCounter, left: number): number {
    const atMs = this.#world.clock.ownMs();
    if (atMs < this.#scarceUntilMs) return 0;
    return aheadOf(counter, this.#world.secondsAhead * this.demand.perSecond(atMs), left);
  }

  /** Leases this amount again, to replace amounts held by an older lease. */
  async renewal(counter: QuotaCounter, amount: number): Promise<void> {
    await this.#leaseOf(counter, [amount]);
  }

  /** Asks other processes to return unneeded amounts. `false`: a recent recall had no result. */
  async recall({ counter }: QuotaCounter): Promise<boolean> {
    if (this.#world.clock.ownMs() < this.#scarceUntilMs) return false;
    await this.#world.store.recalls.ask(this.partition, counter);
    await this.#world.clock.pause(recallMs);
    return true;
  }

  /** Resolves when a question that this need was part of has been answered: more is free then, or this is why not. */
  ask(need: Need): Promise<RefillRefusal | undefined> {
    this.#waiting.add(need);
    this.#next ??= this.#after();
    return this.#next;
  }

  async #after(): Promise<RefillRefusal | undefined> {
    await this.#asking.catch(() => undefined);
    const needs = [...this.#waiting];
    this.#waiting = new Set();
    this.#next = undefined;
    const asking = this.#round(needs);
    this.#asking = asking;
    return asking;
  }

  async #round(needs: readonly Need[]): Promise<RefillRefusal | undefined> {
    const { clock, book } = this.#world;
    const [{ counter }] = needs as [Need];
    const slice = book.current(counter, clock.storeMs());
    const free = slice.free(clock.ownMs());
    const lack = needs.reduce((sum, { want }) => sum + want, 0) - free;
    const least = Math.max(1, Math.min(...needs.map((need) => need.least)) - free);
    if (lack <= 0) return undefined;
    const left = slice.seen?.state.left ?? counter.limit;
    const most = Math.max(least, lack + this.ahead(counter, left));
    const first = await this.#lease(counter, most, least);
    if (first.ok) return undefined;
    const waits = needs.some(({ isAhead }) => !isAhead);
    if (!waits || first.refusal.blockedBy !== 'held' || !(await this.recall(counter))) {
      return this.#flushed(first);
    }
    const second = await this.#lease(counter, Math.max(least, lack), least);
    if (second.ok) return undefined;
    this.becomeScarce();
    return this.#flushed(second);
  }

  #flushed({ refusal, nowMs }: Refused): RefillRefusal {
    if (!refusal.state) throw new TypeError('a refusal of the store names no counter');
    return { state: refusal.state, nowMs };
  }

  /** A lease on `concurrent` counts once, for any amount: permits are separate leases, requested in one turn. */
  async #lease(counter: QuotaCounter, most: number, least: number): Promise<ReserveResult> {
    if (counter.window.kind !== 'live') return this.#leaseOf(counter, amountsToAsk(most, least));
    const permits = Array.from({ length: Math.min(most, mostPermits) }, () => this.#leaseOf(counter, [1]));
    const results = await Promise.all(permits);
    return results.find(({ ok }) => ok) ?? (results[0] as ReserveResult);
  }

  /** The floor of a grant's attempt is the whole grant: if this process dies, all of it counts as spent. */
  async #leaseOf(counter: QuotaCounter, amounts: readonly number[]): Promise<ReserveResult> {
    const { store, book, clock, leaseMs } = this.#world;
    const id = this.#world.newLease();
    const { keepMs, ahead, limit } = drawing(counter);
    const askedAtMs = clock.ownMs();
    const result = await store.reserve({
      id,
      partition: this.partition,
      attemptId: id,
      leaseMs,
      alternatives: amounts.map((want) => ({
        charges: [
          { ...counter, limit, want, floor: want, soft: false, min: undefined, onlyBelow: undefined },
        ],
      })),
    });
    clock.heard(result.nowMs);
    if (!result.ok) {
      const { state } = result.refusal;
      if (state) book.byId(counter, state.window, clock.storeMs()).see(state);
      return result;
    }
    const [quotaGrant] = result.grants;
    const [state] = result.states;
    if (!quotaGrant || !state) throw new TypeError('the store granted a slice without its amounts');
    const slice = book.byId(counter, quotaGrant.window, clock.storeMs());
    const grant = {
      id,
      left: quotaGrant.granted,
      unadmitted: quotaGrant.granted,
      turns: 0,
      leaseMs,
      expiresAtMs: askedAtMs + leaseMs,
      // Drawn after the request was sent: the time that it may be kept starts then.
      freshUntilMs: (ahead ? askedAtMs : clock.ownMs()) + keepMs,
    };
    slice.grant(grant, state);
    if (result.crossed.length > 0) slice.unreported = [...(slice.unreported ?? []), ...result.crossed];
    return result;
  }
}
