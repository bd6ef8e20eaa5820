import { type ClosedLease, Lease } from './lease.js';
import { LeaseHeap } from './lease-heap.js';
import type { CloseRequest } from './quota-store.js';

const slotMs = 1000;
/** A settlement that arrives later than this after its lease was reaped is a second charge: a day covers a process or a store that was away. */
export const reapedKeptMs = 24 * 3_600_000;
/** Of more reaped leases than these, the oldest are kept for two leases only. */
const mostReaped = 1_000;

/**
 * Leases by id: live ones in a heap by expiry, ended ones as tombstones in slots of a second, so that adding and forgetting one
 * costs the same however many there are.
 */
export class LeaseRegistry {
  /** Live and reaped ones. */
  readonly #leases = new Map<string, Lease>();
  readonly #live = new LeaseHeap();
  readonly #closed = new Map<string, ClosedLease>();
  /** Ids of closed leases by the second in which their tombstones expire. */
  readonly #closedSlots = new Map<number, string[]>();
  /** The slots of reaped leases, which are kept much longer: slots are nearly in order of time. */
  readonly #reapedSlots = new Map<number, Lease[]>();
  #reaped = 0;
  #longestLeaseMs = 60_000;

  /** Live leases and tombstones. */
  get size(): number {
    return this.#leases.size + this.#closed.size;
  }

  /** How long an id is remembered of which no lease was seen: two of the longest leases so far, at least two minutes. */
  get unknownForMs(): number {
    return 2 * this.#longestLeaseMs;
  }

  /** The lease of an id, live or ended; an expired tombstone counts as gone. Changes of a closed one are kept by {@link bury}. */
  get({ id, partition }: CloseRequest, nowMs: number): Lease | undefined {
    const lease = this.#leases.get(id);
    if (lease) return lease.state !== 'live' && lease.expiresAtMs <= nowMs ? undefined : lease;
    const closed = this.#closed.get(id);
    if (!closed || closed.untilMs <= nowMs) return undefined;
    return Lease.closed({ id, partition }, closed);
  }

  add(lease: Lease): void {
    this.#longestLeaseMs = Math.max(this.#longestLeaseMs, lease.leaseMs);
    this.#leases.set(lease.id, lease);
    this.#live.add(lease);
  }

  renew(lease: Lease, nowMs: number): void {
    lease.expiresAtMs = nowMs + lease.leaseMs;
    this.#live.moved(lease);
  }

  /** The live lease that expires soonest, once it has. */
  expired(nowMs: number): Lease | undefined {
    const { soonest } = this.#live;
    return soonest && soonest.expiresAtMs <= nowMs ? soonest : undefined;
  }

  /** The live lease that expires soonest. */
  get soonest(): Lease | undefined {
    return this.#live.soonest;
  }

  /** Turns a lease (live, or closed and only to be remembered) into a tombstone until `untilMs`. */
  bury(lease: Lease, untilMs: number): void {
    this.#live.remove(lease);
    lease.expiresAtMs = untilMs;
    if (lease.state === 'reaped') {
      this.#reaped += 1;
      this.#leases.set(lease.id, lease);
      putInto(this.#reapedSlots, untilMs, lease);
      return;
    }
    this.#leases.delete(lease.id);
    const known = this.#closed.get(lease.id);
    this.#closed.set(lease.id, { untilMs, charged: lease.chargedAttempts, refused: lease.extensions[0] });
    if (known?.untilMs !== untilMs) putInto(this.#closedSlots, untilMs, lease.id);
  }

  /**
   * Removes up to `most` expired tombstones; calls `forgotten` for each of a reaped lease. Slots are nearly in order of time: those behind a
   * longer lease's are searched only if `thorough`.
   */
  forgetSome(most: number, nowMs: number, forgotten: (lease: Lease) => void, thorough = false): void {
    let left = most;
    for (const [slot, ids] of this.#closedSlots) {
      const isDue = slot * slotMs <= nowMs;
      while (isDue && ids.length > 0) {
        if (left === 0) return;
        left -= 1;
        const id = ids.pop() as string;
        // One of the same id may have been closed since.
        if ((this.#closed.get(id)?.untilMs ?? Infinity) <= nowMs) this.#closed.delete(id);
      }
      if (isDue) this.#closedSlots.delete(slot);
      else if (!thorough) break;
    }
    for (const [slot, leases] of this.#reapedSlots) {
      while (leases.length > 0 && this.#isDue(leases.at(-1) as Lease, slot, nowMs)) {
        if (left === 0) return;
        left -= 1;
        const lease = leases.pop() as Lease;
        this.#reaped -= 1;
        if (this.#leases.get(lease.id) === lease) this.#leases.delete(lease.id);
        forgotten(lease);
      }
      if (leases.length === 0) this.#reapedSlots.delete(slot);
      else if (!thorough) break;
    }
  }

  #isDue({ expiresAtMs, leaseMs }: Lease, slot: number, nowMs: number): boolean {
    if (slot * slotMs <= nowMs) return true;
    return this.#reaped > mostReaped && expiresAtMs - reapedKeptMs + 2 * leaseMs <= nowMs;
  }
}

function putInto<Item>(slots: Map<number, Item[]>, untilMs: number, item: Item): void {
  const slot = Math.ceil(untilMs / slotMs);
  const others = slots.get(slot);
  if (others) others.push(item);
  else slots.set(slot, [item]);
}
