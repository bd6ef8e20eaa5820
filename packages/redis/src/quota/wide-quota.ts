import type { QuotaStore } from '@tollgate/core';
import type {
  AdjustRequest,
  ChargeResult,
  CloseRequest,
  CounterState,
  CoverRequest,
  ExtendRequest,
  QuotaAlternative,
  QuotaCounter,
  RenewRequest,
  ReserveRequest,
  ReserveResult,
} from '@tollgate/core/internal';
import { adjusted } from '@tollgate/core/internal';
import type { SliceStore } from '../slices/slice-store.js';
import type { QuietCharge } from '../wire/quiet-requests.js';
import {
  floorsOf,
  isWide,
  merged,
  split,
  type WidePart,
  widePartition,
  withCharges,
} from '../wire/wide-part.js';
import type { RedisQuotaStore } from './redis-quota-store.js';
import { WideLeases } from './wide-leases.js';

/** The lease of a reservation that states none, in ms. */
const usualLeaseMs = 60_000;

type Refused = Extract<ReserveResult, { ok: false }>;

/**
 * Keeps counters wider than a tenant in a separate partition, of which each process draws slices: a request's amounts of them are held in
 * memory first, and returned where the tenant's own limits refuse. Requests without such counters go straight to the store.
 */
export class WideQuota implements QuotaStore {
  readonly hasBreaker = true;
  readonly #store: RedisQuotaStore;
  readonly #slices: SliceStore;
  readonly #leases: WideLeases;

  constructor(store: RedisQuotaStore, slices: SliceStore) {
    this.#store = store;
    this.#slices = slices;
    this.#leases = new WideLeases(slices);
  }

  answeredMs(partition: string): number {
    return this.#store.answeredMs(partition);
  }

  reserve(request: ReserveRequest): Promise<ReserveResult> {
    if (!request.alternatives.some(isWide)) return this.#store.reserve(request);
    const part = this.#leases.partOf(request.id, request.leaseMs, request.attemptId);
    return this.#first(request.id, request.id, request.alternatives, part, request.attemptId, (alternative) =>
      this.#store.reserve({ ...request, alternatives: [alternative] }),
    );
  }

  async extend(request: ExtendRequest): Promise<ReserveResult> {
    const { id, charges, event, leaseMs = usualLeaseMs } = request;
    const part = this.#leases.known(id);
    if (!isWide({ charges })) {
      const result = await this.#store.extend({ ...request, event: undefined });
      if (!result.ok && part) this.#leases.closeAll(id);
      return result;
    }
    const own = part ?? this.#leases.partOf(id, leaseMs, undefined);
    const name = `${id}~${charges.map(({ counter }) => counter).join('~')}`;
    const result = await this.#first(id, name, [{ charges, event }], own, own.declared, (narrow) =>
      this.#store.extend({ ...request, ...narrow }),
    );
    if (!result.ok) await this.close(request);
    return result;
  }

  cover(request: CoverRequest): Promise<ReserveResult> {
    const { id, attemptId, alternatives, leaseMs = usualLeaseMs } = request;
    if (!alternatives.some(isWide)) return this.#store.cover(request);
    const part = this.#leases.known(id) ?? this.#leases.partOf(id, leaseMs, undefined);
    return this.#first(
      id,
      `${id}~${attemptId}`,
      alternatives,
      part,
      attemptId,
      (alternative) => this.#store.cover({ ...request, alternatives: [alternative] }),
      true,
    );
  }

  charge(request: QuietCharge): Promise<ChargeResult> {
    const { id, items } = request;
    if (!items.some(({ wide }) => wide) && !this.#leases.known(id)) return this.#store.charge(request);
    return this.#chargeBoth(request);
  }

  async renew(request: RenewRequest): Promise<boolean> {
    return this.#store.renew({ ...request, running: this.#leases.renew(request) });
  }

  async close(request: CloseRequest): Promise<void> {
    this.#leases.closeAll(request.id);
    await this.#store.close(request);
  }

  adjust(request: AdjustRequest): Promise<boolean> {
    return adjusted(this.#store, request);
  }

  async read(partition: string, counters: readonly QuotaCounter[]): Promise<readonly CounterState[]> {
    const wide = counters.filter((counter) => counter.wide);
    if (wide.length === 0) return this.#store.read(partition, counters);
    const narrow = counters.filter((counter) => !counter.wide);
    const [own, beside] = await Promise.all([
      narrow.length > 0 ? this.#store.read(partition, narrow) : [],
      this.#slices.read(widePartition, wide),
    ]);
    const states = new Map([...own, ...beside].map((state) => [state.counter, state]));
    return counters.map(({ counter }) => states.get(counter) as CounterState);
  }

  async end(): Promise<void> {
    await this.#slices.end();
    await this.#store.end();
  }

  async #chargeBoth(request: QuietCharge): Promise<ChargeResult> {
    const { id, items, close } = request;
    const positions = { narrow: [] as number[], wide: [] as number[] };
    for (const [index, { wide }] of items.entries()) (wide ? positions.wide : positions.narrow).push(index);
    const narrow = items.filter(({ wide }) => !wide);
    // First, so that the usage event is in the stream before the wide counters are charged.
    const charged = await this.#store.charge({ ...request, items: narrow });
    const beside =
      positions.wide.length > 0
        ? this.#leases.charge(id, { ...request, items: items.filter(({ wide }) => wide) })
        : undefined;
    if (close) this.#leases.closeAll(id);
    return {
      ...charged,
      states: merged(positions, charged.states, beside?.states ?? []),
      crossed: [...charged.crossed, ...(beside?.crossed ?? [])],
    };
  }

  /** The first alternative that both parts have room for: the wide one is asked first, and undone where the other refuses. */
  async #first(
    id: string,
    name: string,
    alternatives: readonly QuotaAlternative[],
    part: WidePart,
    attemptId: string | undefined,
    askNarrow: (alternative: QuotaAlternative) => Promise<ReserveResult>,
    covers = false,
  ): Promise<ReserveResult> {
    let refused: Refused | undefined;
    for (const [index, { charges, event }] of alternatives.entries()) {
      const { narrow, wide, positions } = split(charges);
      const lease = `${name}~${index}`;
      const held = await this.#leases.hold(part, lease, wide, attemptId, covers);
      if (!held.ok) {
        refused = { ...held, refusal: { ...held.refusal, charge: positions.wide[held.refusal.charge ?? 0] } };
        continue;
      }
      const known = covers ? [] : (part.floors.get(attemptId ?? '') ?? []);
      const floors = [...known, ...floorsOf(wide, held.grants, covers)];
      const own = await this.#orUndo(lease, () =>
        askNarrow({ charges: narrow, event: event && withCharges(event, floors) }),
      );
      if (own.ok) {
        if (attemptId !== undefined) part.floors.set(attemptId, floors);
        this.#leases.take(id, part, lease, attemptId, held);
        return {
          ...own,
          alternative: index,
          grants: merged(positions, own.grants, held.grants),
          states: merged(positions, own.states, held.states),
          crossed: [...own.crossed, ...held.crossed],
        };
      }
      refused = { ...own, refusal: { ...own.refusal, charge: positions.narrow[own.refusal.charge ?? 0] } };
      if (own.refusal.blockedBy === 'closed') break;
    }
    return refused ?? { ok: false, refusal: { blockedBy: 'closed' }, nowMs: Date.now() };
  }

  async #orUndo(lease: string, ask: () => Promise<ReserveResult>): Promise<ReserveResult> {
    let result: ReserveResult | undefined;
    try {
      result = await ask();
      return result;
    } finally {
      if (!result?.ok) this.#leases.undo(lease);
    }
  }
}
