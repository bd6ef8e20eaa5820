import type { Refill, RefillWorld } from './refill.js';
import type { Slice } from './slice.js';
import type { SliceAllocator } from './slice-allocator.js';
import type { SliceEvents } from './slice-events.js';
import type { GrantOrder, SliceGrant } from './slice-grant.js';
import type { SliceHome } from './slice-home.js';

/**
 * Interval, in ms, at which other processes' recalls are read while anything is free here, usage events are sent, used amounts are flushed,
 * and surplus is returned. Unflushed amounts are held, so that no other request is admitted to them; a waiting event may be lost.
 */
const beatMs = 25;
const beatsToDeliver = 4;
const beatsToTell = 20;
const beatsToSpare = 40;
/** Flushes after which a lease is replaced: it stores each of them. */
const mostTurns = 32;

interface Telling {
  readonly slice: Slice;
  readonly order: GrantOrder;
}

/** Renews slices, flushes their used amounts to the store, and returns surplus. Runs only while there are slices. */
export class SliceFlusher {
  readonly #world: RefillWorld;
  readonly #means: SliceAllocator;
  readonly #events: SliceEvents;
  #stop: (() => void) | undefined;
  #beats = 0;
  #beating = false;
  /** Flushes that the store has not confirmed yet, by grant, in order; repeated until it has. */
  #unflushed: Telling[] = [];
  #telling: Promise<void> = Promise.resolve();

  /** `sweep`: ends reservations whose lease is over; their holds become surplus. */
  constructor(
    world: RefillWorld,
    means: SliceAllocator,
    events: SliceEvents,
    private readonly sweep: () => void,
  ) {
    this.#world = world;
    this.#means = means;
    this.#events = events;
  }

  /** Keeps no process alive. */
  start(): void {
    this.#stop ??= this.#world.clock.every(beatMs, () => void this.beat());
  }

  end(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** One beat; never rejects. */
  async beat(): Promise<void> {
    if (this.#beating) return;
    this.#beating = true;
    this.#beats += 1;
    try {
      await this.#pollRecalls();
      if (this.#beats % beatsToSpare === 0) {
        this.sweep();
        await this.#renewAll();
      }
      if (this.#beats % beatsToDeliver === 0) {
        this.#spare();
        await (this.#beats % beatsToTell === 0 ? this.tell() : this.#afterOthers(() => this.#tellOverruns()));
        this.#world.book.forgetOver();
        if (this.#world.book.size + this.#unflushed.length + this.#events.size === 0) this.end();
      }
    } catch {
      // The store is away, and has published that; the flush is kept.
    }
    this.#beating = false;
  }

  /** Flushes used amounts to the store, one flush after the other. A failed one is repeated with the next. */
  tell(): Promise<void> {
    return this.#afterOthers(() => this.#tell());
  }

  /** Returns the surplus of one slice. `false`: there is none. */
  async giveBackOf(slice: Slice): Promise<boolean> {
    if (slice.spare(this.#atMs) === 0) return false;
    this.#giveBack(slice, Number.POSITIVE_INFINITY);
    await this.tell();
    return true;
  }

  /** Gives back everything that is not needed, whatever it was kept for. */
  async giveBackAll(): Promise<void> {
    await this.tell();
    for (const slice of this.#world.book.all()) this.#giveBack(slice, Number.POSITIVE_INFINITY);
    await this.tell();
  }

  #refillOf({ counter, partition }: Slice): Refill {
    return this.#means.refillOf(counter, partition);
  }

  get #atMs(): number {
    return this.#world.clock.ownMs();
  }

  /** Returns surplus that another process recalls. */
  async #pollRecalls(): Promise<void> {
    const spare = [...this.#world.book.all()].filter((slice) => slice.spare(this.#atMs) > 0);
    if (spare.length === 0) return;
    const asked = await this.#world.store.recalls.asked(spare);
    for (const slice of asked) {
      this.#refillOf(slice).becomeScarce();
      this.#giveBack(slice, Number.POSITIVE_INFINITY);
    }
    if (asked.length > 0) await this.tell();
  }

  /** Returns unusable amounts at once, and rarely needed ones once a second. */
  #spare(): void {
    const nowMs = this.#world.clock.storeMs();
    for (const slice of this.#world.book.all()) {
      const spare = slice.spare(this.#atMs);
      const free = slice.hasEnded(nowMs) ? 0 : slice.free(this.#atMs);
      const kept = Math.min(free, 2 * this.#refillOf(slice).ahead(slice.counter, slice.state().left));
      this.#giveBack(slice, this.#beats % beatsToSpare === 0 ? spare - kept : spare - free);
    }
  }

  async #renewAll(): Promise<void> {
    const renewals: Promise<void>[] = [];
    for (const slice of this.#world.book.all()) {
      for (const grant of slice.grants) renewals.push(this.#renewOne(slice, grant));
    }
    await Promise.all(renewals);
  }

  async #renewOne(slice: Slice, grant: SliceGrant): Promise<void> {
    const { store, leaseMs } = this.#world;
    const askedAtMs = this.#atMs;
    const leftMs = grant.expiresAtMs - askedAtMs;
    if (leftMs <= 0) return;
    if (grant.turns >= mostTurns) {
      await this.#refillOf(slice).renewal(slice.counter, grant.left);
      for (const order of slice.retire(grant, this.#atMs)) this.#unflushed.push({ slice, order });
    } else if (leftMs < (2 * leaseMs) / 3) {
      const alive = await store.renew({ id: grant.id, partition: slice.partition, running: [] });
      grant.expiresAtMs = alive ? askedAtMs + leaseMs : Math.min(grant.expiresAtMs, this.#atMs);
    }
  }

  #giveBack(slice: Slice, amount: number): void {
    if (amount <= 0) return;
    for (const order of slice.giveBack(amount, this.#atMs)) this.#unflushed.push({ slice, order });
  }

  #afterOthers(work: () => Promise<void>): Promise<void> {
    this.#telling = this.#telling.then(work);
    return this.#telling;
  }

  #tell(): Promise<void> {
    return this.#tellOf([...this.#world.book.all()]);
  }

  /** Flushes usage beyond the held amounts, before another request is admitted to them. */
  #tellOverruns(): Promise<void> {
    return this.#tellOf([...this.#world.book.all()].filter(({ isOverrun }) => isOverrun));
  }

  /** Flushes the used amounts of these slices, pending flushes, and usage events. */
  async #tellOf(slices: readonly Slice[]): Promise<void> {
    for (const slice of slices) {
      for (const order of slice.settlements(this.#atMs)) this.#unflushed.push({ slice, order });
    }
    const lanes = new Map<string, Telling[]>();
    for (const telling of this.#unflushed) {
      const lane = telling.order.part.id;
      const others = lanes.get(lane);
      if (others) others.push(telling);
      else lanes.set(lane, [telling]);
    }
    const giving = this.#events.tell();
    const done = new Set<Telling>();
    await Promise.all(
      [...lanes.values()].map(async (tellings) => {
        for (const telling of tellings) {
          await tellOne(this.#world.store, telling);
          done.add(telling);
        }
      }),
    ).catch(() => undefined);
    await giving;
    this.#unflushed = this.#unflushed.filter((telling) => !done.has(telling));
  }
}

/**
 * In one step where that is possible. Otherwise the remaining amount first gets a separate attempt, then the used amount is charged to the
 * attempt that held both: a process that dies in between counts too much rather than too little.
 */
async function tellOne(store: SliceHome, { slice, order }: Telling): Promise<void> {
  const { part, amount, release, left } = order;
  const { counter, partition, windowId } = slice;
  const { id } = part;
  if (left > 0) {
    const item = { ...counter, windowId, amount, release };
    if (await store.draw({ ...part, partition, item, left })) return;
    const items = [{ counter: counter.counter, windowId, amount: left }];
    await store.renew({ id, partition, running: [{ attemptId: part.nextAttemptId, items }] });
  }
  const { crossed } = await store.charge({
    id,
    partition,
    attemptId: part.attemptId,
    items: [{ ...counter, windowId, amount, release }],
    event: undefined,
    close: left === 0,
    isQuiet: true,
  });
  if (crossed.length > 0) slice.unreported = [...(slice.unreported ?? []), ...crossed];
}
