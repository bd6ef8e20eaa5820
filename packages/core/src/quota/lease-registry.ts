import type { Lease } from './lease.js';
import { LeaseHeap } from './lease-heap.js';

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
  readonly #leases = new Map<string, Lease>();
  readonly #live = new LeaseHeap();
  readonly #slots = new Map<number, Lease[]>();
  /** The slots of reaped leases, which are kept much longer: slots are nearly in order of time. */
  readonly #reapedSlots = new Map<number, Lease[]>();
  #reaped = 0;
  #longestLeaseMs = 60_000;

  /** Live leases and tombstones. */
  get size(): number {
    return this.#leases.size;
  }

  /** How long an id is remembered of which no lease was seen: two of the longest leases so far, at least two minutes. */
  get unknownForMs(): number {
    return 2 * this.#longestLeaseMs;
  }

  /** The lease of an id, live or ended; an expired tombstone counts as gone. */
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
    const slots = lease.state === 'reaped' ? this.#reapedSlots : this.#slots;
    if (lease.state === 'reaped') this.#reaped += 1;
    const others = slots.get(slot);
    if (others) others.push(lease);
    else slots.set(slot, [lease]);
  }

  /**
   * Removes up to `most` expired tombstones; calls `forgotten` for each. Slots are nearly in order of time: those behind a longer lease's
   * are searched only if `thorough`.
   */
  forgetSome(most: number, nowMs: number, forgotten: (lease: Lease) => void, thorough = false): void {
    let left = most;
    for (const slots of [this.#slots, this.#reapedSlots]) {
      for (const [slot, leases] of slots) {
        while (leases.length > 0 && this.#isDue(leases.at(-1) as Lease, slot, nowMs)) {
          if (left === 0) return;
          left -= 1;
          const lease = leases.pop() as Lease;
          if (lease.state === 'reaped') this.#reaped -= 1;
          if (this.#leases.get(lease.id) === lease) this.#leases.delete(lease.id);
          forgotten(lease);
        }
        if (leases.length === 0) slots.delete(slot);
        else if (!thorough) break;
      }
    }
  }

  #isDue({ state, expiresAtMs, leaseMs }: Lease, slot: number, nowMs: number): boolean {
    if (slot * slotMs <= nowMs) return true;
    const isMany = state === 'reaped' && this.#reaped > mostReaped;
    return isMany && expiresAtMs - reapedKeptMs + 2 * leaseMs <= nowMs;
  }
}
