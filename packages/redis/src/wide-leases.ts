import type { ChargeRequest, ChargeResult, QuotaCharge, RenewRequest, ReserveResult } from '@tollgate/core';
import type { RedisQuotaStore } from './redis-quota-store.js';
import { type WidePart, widePartition } from './wide-part.js';

type Held = Extract<ReserveResult, { ok: true }>;

/** Reservations beyond this many are forgotten oldest first; their wide leases end by themselves. */
const most = 100_000;

/** The leases in the wide partition that belong to this process's reservations. */
export class WideLeases {
  readonly #store: RedisQuotaStore;
  readonly #parts = new Map<string, WidePart>();

  constructor(store: RedisQuotaStore) {
    this.#store = store;
  }

  known(id: string): WidePart | undefined {
    return this.#parts.get(id);
  }

  partOf(id: string, leaseMs: number, declared: string | undefined): WidePart {
    return (
      this.#parts.get(id) ?? { leaseMs, declared, leases: new Set(), leaseOf: new Map(), seen: new Map() }
    );
  }

  /** Holds wide charges in a lease of that name. An attempt that needs no more than is held asks nothing of the store. */
  async hold(
    part: WidePart,
    lease: string,
    charges: readonly QuotaCharge[],
    attemptId: string | undefined,
    covers: boolean,
  ): Promise<ReserveResult> {
    const seen = charges.map(({ counter }) => part.seen.get(counter));
    if (covers && charges.every(({ want }, index) => want === 0 && seen[index])) {
      const known = seen.filter((one) => one !== undefined);
      return {
        ok: true,
        alternative: 0,
        grants: known.map(({ grant }) => ({ ...grant, granted: 0 })),
        states: known.map(({ state }) => state),
        crossed: [],
        nowMs: 0,
        expiresAtMs: 0,
      };
    }
    return this.#store.reserve({
      id: lease,
      partition: widePartition,
      attemptId,
      alternatives: [{ charges }],
      leaseMs: part.leaseMs,
    });
  }

  take(id: string, part: WidePart, lease: string, attemptId: string | undefined, held: Held): void {
    for (const [index, grant] of held.grants.entries()) {
      const state = held.states[index];
      if (state) part.seen.set(grant.counter, { grant, state });
    }
    // Nothing was asked of the store: the attempt settles with the reservation's first lease.
    if (held.nowMs !== 0) {
      part.leases.add(lease);
      if (attemptId !== undefined) part.leaseOf.set(attemptId, lease);
    }
    this.#parts.set(id, part);
    if (this.#parts.size <= most) return;
    const [oldest = ''] = this.#parts.keys();
    this.#parts.delete(oldest);
  }

  /** Gives a lease back whose request was refused elsewhere; again and again where the store is away. */
  undo(lease: string, leaseMs: number): void {
    this.#store.withdraw(lease, widePartition, leaseMs);
  }

  /** The usage event is written with the tenant's own counters, not here. */
  charge(id: string, request: ChargeRequest): Promise<ChargeResult> {
    const part = this.#parts.get(id);
    const [first = `${id}~0`] = part?.leases ?? [];
    const lease = part?.leaseOf.get(request.attemptId) ?? first;
    return this.#store.charge({
      ...request,
      id: lease,
      partition: widePartition,
      close: false,
      event: undefined,
    });
  }

  async renew({ id, running }: RenewRequest): Promise<void> {
    const part = this.#parts.get(id);
    if (!part) return;
    const costs = running.map(({ attemptId, items }) => ({
      attemptId,
      items: items.filter(({ counter }) => part.seen.has(counter)),
    }));
    await Promise.all(
      [...part.leases].map((lease) =>
        this.#store.renew({
          id: lease,
          partition: widePartition,
          running: costs.filter(
            ({ attemptId, items }) => items.length > 0 && part.leaseOf.get(attemptId) === lease,
          ),
        }),
      ),
    );
  }

  async closeAll(id: string): Promise<void> {
    const part = this.#parts.get(id);
    if (!part) return;
    this.#parts.delete(id);
    for (const lease of part.leases) this.#store.withdraw(lease, widePartition, part.leaseMs);
  }
}
