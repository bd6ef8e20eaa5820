import type { Lease } from './lease.js';

/** Live leases by expiry, soonest first. A lease stores its position, so that it can be removed in logarithmic time. */
export class LeaseHeap {
  readonly #leases: Lease[] = [];

  get size(): number {
    return this.#leases.length;
  }

  get soonest(): Lease | undefined {
    return this.#leases[0];
  }

  add(lease: Lease): void {
    this.#leases.push(lease);
    this.#rise(lease, this.#leases.length - 1);
  }

  remove(lease: Lease): void {
    const { position } = lease;
    if (position < 0) return;
    lease.position = -1;
    const last = this.#leases.pop() as Lease;
    if (last === lease) return;
    this.#place(last, position);
  }

  /** Puts a lease in its place again after its expiry has changed. */
  moved(lease: Lease): void {
    if (lease.position >= 0) this.#place(lease, lease.position);
  }

  #place(lease: Lease, position: number): void {
    const parent = this.#leases[(position - 1) >> 1];
    if (position > 0 && parent && isBefore(lease, parent)) this.#rise(lease, position);
    else this.#sink(lease, position);
  }

  #rise(lease: Lease, from: number): void {
    let position = from;
    while (position > 0) {
      const above = (position - 1) >> 1;
      const parent = this.#leases[above] as Lease;
      if (!isBefore(lease, parent)) break;
      this.#put(parent, position);
      position = above;
    }
    this.#put(lease, position);
  }

  #sink(lease: Lease, from: number): void {
    const { length } = this.#leases;
    let position = from;
    for (;;) {
      let below = 2 * position + 1;
      if (below >= length) break;
      let child = this.#leases[below] as Lease;
      const right = this.#leases[below + 1];
      if (right && isBefore(right, child)) {
        child = right;
        below += 1;
      }
      if (!isBefore(child, lease)) break;
      this.#put(child, position);
      position = below;
    }
    this.#put(lease, position);
  }

  #put(lease: Lease, position: number): void {
    this.#leases[position] = lease;
    lease.position = position;
  }
}

function isBefore(one: Lease, other: Lease): boolean {
  return one.expiresAtMs < other.expiresAtMs || (one.expiresAtMs === other.expiresAtMs && one.id < other.id);
}
