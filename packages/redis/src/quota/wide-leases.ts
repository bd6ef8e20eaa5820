import type {
  ChargeResult,
  QuotaCharge,
  RenewRequest,
  ReserveResult,
  RunningCost,
} from '@tollgate/core/internal';
import type { SliceStore } from '../slices/slice-store.js';
import type { QuietCharge } from '../wire/quiet-requests.js';
import { type WidePart, widePartition, withCharges } from '../wire/wide-part.js';

type Held = Extract<ReserveResult, { ok: true }>;

/** Beyond this many reservations the oldest are forgotten; their holds end with their lease. */
const most = 100_000;

/** The amounts that this process's reservations hold of its slices of wide counters. */
export class WideLeases {
  readonly #slices: SliceStore;
  readonly #parts = new Map<string, WidePart>();

  constructor(slices: SliceStore) {
    this.#slices = slices;
  }

  known(id: string): WidePart | undefined {
    return this.#parts.get(id);
  }

  partOf(id: string, leaseMs: number, declared: string | undefined): WidePart {
    return (
      this.#parts.get(id) ?? {
        leaseMs,
        declared,
        leases: new Set(),
        leaseOf: new Map(),
        floors: new Map(),
        seen: new Map(),
      }
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
    return this.#slices.reserve({
      id: lease,
      partition: widePartition,
      attemptId,
      charges,
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

  /** Releases the amounts of a request that was refused elsewhere. */
  undo(lease: string): void {
    this.#slices.close(lease, widePartition);
  }

  /** The usage event is written with the tenant's own counters, not here. */
  charge(id: string, request: QuietCharge): ChargeResult {
    const part = this.#parts.get(id);
    part?.floors.delete(request.attemptId);
    const [first = `${id}~0`] = part?.leases ?? [];
    const lease = part?.leaseOf.get(request.attemptId) ?? first;
    return this.#slices.charge({
      ...request,
      id: lease,
      partition: widePartition,
      close: false,
      event: undefined,
    });
  }

  /** Returns the costs without those recorded here: each event keeps only the charges that the tenant's store does not have. */
  renew({ id, running }: RenewRequest): RunningCost[] {
    const part = this.#parts.get(id);
    for (const lease of part?.leases ?? []) {
      this.#slices.renew({
        id: lease,
        partition: widePartition,
        running: running
          .filter(({ attemptId }) => part?.leaseOf.get(attemptId) === lease)
          .map((cost) => ({ ...cost, items: cost.items.filter(({ counter }) => part?.seen.has(counter)) })),
      });
    }
    return running.map((cost) => {
      const floors = cost.event.charges.filter(({ counter }) => part?.seen.has(counter));
      part?.floors.set(cost.attemptId, floors);
      return { ...cost, event: withCharges(cost.event, floors) };
    });
  }

  closeAll(id: string): void {
    const part = this.#parts.get(id);
    if (!part) return;
    this.#parts.delete(id);
    for (const lease of part.leases) this.#slices.close(lease, widePartition);
  }
}
