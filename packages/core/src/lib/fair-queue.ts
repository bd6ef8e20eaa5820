import { Lane, type LaneSettings, type MayServe, Waiter } from './fair-lane.js';

const anyone: MayServe = () => true;

/**
 * A queue of several lanes, served by start-time fair queueing (Goyal, Vin and Cheng, 1996) with every waiter of the same length: while
 * lanes wait, each gets turns in proportion to its weight, and a lane that starts to wait does not pay for the time in which it did not.
 * Within a lane tenants take turns. A waiter that leaves costs no one a turn. Takes constant time, apart from the number of lanes.
 */
export class FairQueue<Item> {
  readonly #lanes: readonly Lane<Item>[];
  /** Virtual time: where the last one to be served began. */
  #time = 0;
  #size = 0;

  /** `most`: the most waiters in all lanes together; the caller of `add` checks it. */
  constructor(lanes: readonly LaneSettings[], most: number) {
    const sum = lanes.reduce((total, { weight, batch }) => total + (batch ? 0 : weight), 0);
    this.#lanes = lanes.map((settings) => {
      const sure = settings.batch ? 0 : Math.floor((most * settings.weight) / sum);
      return new Lane<Item>(settings, sure);
    });
  }

  get size(): number {
    return this.#size;
  }

  /** Whether there is a waiter that is not batch work and whose tenant may be served. */
  hasUrgent(may: MayServe = anyone): boolean {
    return this.#lanes.some((lane) => !lane.settings.batch && lane.hasFor(may));
  }

  /** How many of a tenant wait in a lane, by the lane's position. */
  sizeOf(lane: number, tenant: string): number {
    return this.#laneAt(lane).sizeOf(tenant);
  }

  /** Queues up at the end of the tenant's line. */
  put(item: Item, lane: number, tenant: string): Waiter<Item> {
    const waiter = new Waiter(item, this.#laneAt(lane), tenant);
    this.#wake(waiter.lane);
    waiter.lane.add(waiter);
    this.#size += 1;
    return waiter;
  }

  /** Undoes {@link FairQueue.take}: it is the first of its lane again. */
  putBack(waiter: Waiter<Item>): void {
    const { lane } = waiter;
    const start = this.#size === 0 ? 0 : waiter.takenAt;
    lane.start = lane.size === 0 ? start : Math.min(lane.start, start);
    lane.finish = lane.start;
    lane.putBack(waiter);
    this.#size += 1;
  }

  /** Removes and returns the next waiter whose tenant may be served. Batch work only `withBatch`, and only when no other work waits. */
  take(withBatch: boolean, may: MayServe = anyone): Waiter<Item> | undefined {
    const lane = this.#next(false, may) ?? (withBatch ? this.#next(true, may) : undefined);
    const waiter = lane?.take(may);
    if (!lane || !waiter) return undefined;
    waiter.takenAt = lane.start;
    this.#time = lane.start;
    lane.finish = lane.start + 1 / lane.settings.weight;
    lane.start = lane.finish;
    this.#left();
    return waiter;
  }

  /** Takes out one that does not wait any longer. */
  remove(waiter: Waiter<Item>): void {
    waiter.lane.remove(waiter);
    this.#left();
  }

  /**
   * The waiter to evict when another one of a lane needs a place in a full queue: the latest of the lowest lane below it. Each lane keeps
   * its weight's share of the queue, so that none is excluded for good; a lane below its share may also evict from a higher one above its
   * share.
   */
  victimOf(position: number): Waiter<Item> | undefined {
    const own = this.#laneAt(position);
    let lowest: Lane<Item> | undefined;
    for (const lane of this.#lanes) {
      const mayLose = lane !== own && lane.size > lane.sure;
      const isBelow = own.size < own.sure || isAbove(own, lane);
      if (mayLose && isBelow && (!lowest || isAbove(lowest, lane))) lowest = lane;
    }
    return lowest?.latest;
  }

  #laneAt(position: number): Lane<Item> {
    const lane = this.#lanes[position];
    if (!lane) throw new RangeError(`there is no lane ${position}`);
    return lane;
  }

  #wake(lane: Lane<Item>): void {
    if (lane.size === 0) lane.start = Math.max(this.#time, lane.finish);
  }

  #next(batch: boolean, may: MayServe): Lane<Item> | undefined {
    let next: Lane<Item> | undefined;
    for (const lane of this.#lanes) {
      if (lane.settings.batch !== batch || !lane.hasFor(may)) continue;
      if (!next || lane.start < next.start || (lane.start === next.start && isAbove(lane, next))) next = lane;
    }
    return next;
  }

  /** Virtual time restarts with an empty queue, so that it never outgrows the precision of a double. */
  #left(): void {
    this.#size -= 1;
    if (this.#size > 0) return;
    this.#time = 0;
    for (const lane of this.#lanes) lane.finish = 0;
  }
}

function isAbove<Item>(lane: Lane<Item>, other: Lane<Item>): boolean {
  return lane.settings.rank > other.settings.rank;
}
