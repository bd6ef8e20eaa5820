import { Chain, Link } from './chain.js';

/** One class of traffic: a plan, or a plan's batch work. */
export interface LaneSettings {
  /** Turns relative to the other lanes while all have waiters. Above 0. */
  readonly weight: number;
  /** Who gives way when the queue is full: the lower. */
  readonly rank: number;
  /** Served only when no other work waits, see {@link FairQueue.take}. */
  readonly batch: boolean;
}

/** An item that waits in the queue. */
export class Waiter<Item> {
  /** @internal */
  readonly inLine: Link<Waiter<Item>>;
  /** @internal */
  readonly inLane: Link<Waiter<Item>>;
  /** @internal The lane's start tag when it was taken. */
  takenAt = 0;

  constructor(
    readonly item: Item,
    readonly lane: Lane<Item>,
    readonly tenant: string,
  ) {
    this.inLine = new Link<Waiter<Item>>(this);
    this.inLane = new Link<Waiter<Item>>(this);
  }
}

/** The waiters of one tenant, in the order in which they came. */
class Line<Item> {
  readonly waiters = new Chain<Waiter<Item>>();
  readonly turn: Link<Line<Item>> = new Link<Line<Item>>(this);

  constructor(readonly tenant: string) {}
}

/** Whether a tenant may be served now. */
export type MayServe = (tenant: string) => boolean;

/** The waiters of one class, whose tenants take turns. A tenant's entry is removed with its last waiter. */
export class Lane<Item> {
  /** Virtual time at which its next waiter begins, and at which its last one ended; the queue's. */
  start = 0;
  finish = 0;
  readonly #lines = new Map<string, Line<Item>>();
  readonly #turns = new Chain<Line<Item>>();
  readonly #arrivals = new Chain<Waiter<Item>>();

  constructor(
    readonly settings: LaneSettings,
    /** How many of it may wait whatever the other lanes want. */
    readonly sure: number,
  ) {}

  get size(): number {
    return this.#arrivals.size;
  }

  /** How many of a tenant wait. */
  sizeOf(tenant: string): number {
    return this.#lines.get(tenant)?.waiters.size ?? 0;
  }

  /** The latest waiter. */
  get latest(): Waiter<Item> | undefined {
    return this.#arrivals.last;
  }

  add(waiter: Waiter<Item>): void {
    this.#lineOf(waiter.tenant, 'last').waiters.push(waiter.inLine);
    this.#arrivals.push(waiter.inLane);
  }

  /** Back to where it was before {@link Lane.take}: its tenant's turn is the next. */
  putBack(waiter: Waiter<Item>): void {
    const line = this.#lineOf(waiter.tenant, 'first');
    this.#turns.remove(line.turn);
    this.#turns.unshift(line.turn);
    line.waiters.unshift(waiter.inLine);
    this.#arrivals.unshift(waiter.inLane);
  }

  /** Whether there is a waiter whose tenant may be served. */
  hasFor(may: MayServe): boolean {
    return this.#next(may) !== undefined;
  }

  /** The first waiter of the next tenant among those that may be served; the tenant's next turn comes after all others'. */
  take(may: MayServe): Waiter<Item> | undefined {
    const line = this.#next(may);
    const waiter = line?.waiters.first;
    if (!line || !waiter) return undefined;
    this.remove(waiter);
    if (line.waiters.size > 0) {
      this.#turns.remove(line.turn);
      this.#turns.push(line.turn);
    }
    return waiter;
  }

  remove(waiter: Waiter<Item>): void {
    const line = this.#lines.get(waiter.tenant);
    if (!line) return;
    line.waiters.remove(waiter.inLine);
    this.#arrivals.remove(waiter.inLane);
    if (line.waiters.size > 0) return;
    this.#turns.remove(line.turn);
    this.#lines.delete(waiter.tenant);
  }

  #next(may: MayServe): Line<Item> | undefined {
    for (const line of this.#turns) if (may(line.tenant)) return line;
    return undefined;
  }

  #lineOf(tenant: string, turn: 'first' | 'last'): Line<Item> {
    const known = this.#lines.get(tenant);
    if (known) return known;
    const line = new Line<Item>(tenant);
    this.#lines.set(tenant, line);
    if (turn === 'first') this.#turns.unshift(line.turn);
    else this.#turns.push(line.turn);
    return line;
  }
}
