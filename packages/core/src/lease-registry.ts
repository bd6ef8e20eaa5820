import type { Lease } from './lease.js';
import { LeaseHeap } from './lease-heap.js';

const slotMs = 1000;

/**
 * Leases by id: live ones in a heap by expiry, ended ones as tombstones in slots of a second, so that adding and forgetting one
 * costs the same however many there are.
 */
export class LeaseRegistry {
  readonly #leases = new Map<string, Lease>();
  readonly #live = new LeaseHeap();
  readonly #slots = new Map<number, Lease[]>();
  #longestLeaseMs = 60_000;

  /** Live leases and tombstones. */
  get size(): number {
    return this.#leases.size;
  }

  /** How long an id is remembered of which no lease was seen: two of the longest leases so far, at least two minutes. */
  get unknownForMs(): number {
    return 2 * this.#longestLeaseMs;
  }

  /** The lease of an id, live or ended; a tombstone that is due counts as gone. */
  get(id: string, nowMs: number): Lease | undefined {
    const lease = this.#leases.get(id);
    return lease && lease.state !== 'live' && lease.expiresAtMs <= nowMs ? undefined : lease;
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

  /** Turns a lease (live, or new and only to be remembered) into a tombstone until `untilMs`. */
  bury(lease: Lease, untilMs: number): void {
    this.#live.remove(lease);
    lease.expiresAtMs = untilMs;
    this.#leases.set(lease.id, lease);
    const slot = Math.ceil(untilMs / slotMs);
    const others = this.#slots.get(slot);
    if (others) others.push(lease);
    else this.#slots.set(slot, [lease]);
  }

  /**
   * Forgets up to `most` tombstones that are due; calls `forgotten` for each. Slots come nearly in order of time: those behind a
   * longer lease's are looked for only when it is to be `thorough`.
   */
  forgetSome(most: number, nowMs: number, forgotten: (lease: Lease) => void, thorough = false): void {
    let left = most;
    for (const [slot, leases] of this.#slots) {
      if (slot * slotMs > nowMs) {
        if (thorough) continue;
        return;
      }
      while (leases.length > 0) {
        if (left === 0) return;
        left -= 1;
        const lease = leases.pop() as Lease;
        if (this.#leases.get(lease.id) === lease) this.#leases.delete(lease.id);
        forgotten(lease);
      }
      this.#slots.delete(slot);
    }
  }
}
