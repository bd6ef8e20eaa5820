import type { QuotaStore } from '@tollgate/core';
import {
  type AdjustRequest,
  adjusted,
  attempt,
  type ChargeItem,
  type ChargeRequest,
  type ChargeResult,
  type CloseRequest,
  type CounterState,
  type CoverRequest,
  type ExtendRequest,
  type QuotaAlternative,
  type QuotaCharge,
  type QuotaCounter,
  type RenewRequest,
  type ReserveRequest,
  type ReserveResult,
} from '@tollgate/core/internal';
import { publishAdmission } from '../wire/publications.js';
import type { QuietCharge } from '../wire/quiet-requests.js';
import type { SliceStore } from './slice-store.js';
import { SlicedReservation } from './sliced-reservation.js';

/** Beyond this many reservations the oldest are forgotten; their holds end with their lease. */
const most = 100_000;

/** The store for everything that slices do not cover. */
type Beyond = Omit<QuotaStore, 'charge'> & { charge(request: QuietCharge): Promise<ChargeResult> };

/**
 * Leases slices of busy counters, and admits within them in memory while the store is away. A request is admitted this way with all of its
 * counters, or by the store with all of them.
 */
export class SlicedQuota implements QuotaStore {
  readonly hasBreaker = true;
  readonly #beyond: Beyond;
  readonly #slices: SliceStore;
  readonly #recorded: boolean;
  readonly #reservations = new Map<string, SlicedReservation>();

  constructor(beyond: Beyond, slices: SliceStore, recorded: boolean) {
    this.#beyond = beyond;
    this.#slices = slices;
    this.#recorded = recorded;
  }

  answeredMs(partition: string): number {
    return this.#beyond.answeredMs?.(partition) ?? Number.NEGATIVE_INFINITY;
  }

  async reserve(request: ReserveRequest): Promise<ReserveResult> {
    const { partition, alternatives } = request;
    const { means } = this.#slices;
    let result = await this.#beyond.reserve(request);
    const charges = alternatives[result.ok ? result.alternative : alternatives.length - 1]?.charges ?? [];
    if (!result.ok && result.refusal.blockedBy === 'held') {
      const charge = charges[result.refusal.charge ?? 0];
      if (charge && !charge.wide && (await this.#slices.recall(charge, partition))) {
        result = await this.#beyond.reserve(request);
        if (!result.ok) means.refillOf(charge, partition).becomeScarce();
      }
    }
    const own = charges.filter(({ wide }) => !wide);
    for (const charge of own) means.note(charge, partition, charge.want);
    if (result.ok) {
      this.#slices.flusher.start();
      means.keepAhead({ charges: own, partition });
    }
    return result;
  }

  /** Uses leased amounts, without a store call; the refill is counted afterwards. */
  reserveHeld(request: ReserveRequest): ReserveResult | undefined {
    const { partition, attemptId, alternatives } = request;
    if (this.#slices.events.isFull) return undefined;
    for (const [index, alternative] of alternatives.entries()) {
      const charges = alternative.charges.map(unlessRefilled);
      if (!this.#slices.means.suffice({ charges, partition })) continue;
      const result = this.#slices.reserveHeld({ ...request, ...alternative, charges, attemptId });
      if (result.ok) return this.#opened(request, { ...result, alternative: index });
    }
    return undefined;
  }

  async cover(request: CoverRequest): Promise<ReserveResult> {
    const { id, partition, attemptId, alternatives } = request;
    const reservation = this.#reservations.get(id);
    if (!reservation) return this.#beyond.cover(request);
    const [alternative] = alternatives;
    const more = alternative?.charges.filter(({ want }) => want > 0) ?? [];
    if (alternative && this.#holds(more, partition)) {
      const result = await this.#slices.cover({ id, partition, attemptId, ...alternative });
      if (result.ok || result.refusal.blockedBy === 'closed')
        return publishAdmission('cover', request, result);
    }
    const part = `${id}~${attemptId}`;
    // Limits that need no further amount are only registered, which is never refused.
    const asked = alternatives.map(({ charges, event }) => ({
      charges: charges.map((charge) => (charge.want === 0 ? { ...charge, soft: true } : charge)),
      event,
    }));
    const result = await this.#askFor(reservation, part, attemptId, asked);
    if (result.ok) reservation.covered(attemptId, part);
    return result;
  }

  async extend(request: ExtendRequest): Promise<ReserveResult> {
    const { id, partition, charges } = request;
    const reservation = this.#reservations.get(id);
    if (!reservation) return this.#beyond.extend(request);
    if (this.#holds(charges, partition)) {
      const result = await this.#slices.extend({ id, partition, attemptId: undefined, charges });
      return publishAdmission('extend', request, result);
    }
    const counters = charges.map(({ counter }) => counter);
    const part = `${id}~${counters.join('~')}`;
    const result = await this.#askFor(reservation, part, reservation.declared, [{ charges }]);
    if (result.ok) reservation.joined(counters, part);
    else await this.close(request);
    return result;
  }

  charge(request: ChargeRequest): ChargeResult | Promise<ChargeResult> {
    return attempt(() => {
      const reservation = this.#reservations.get(request.id);
      if (!reservation) return this.#beyond.charge(request);
      if (!reservation.isWhole) return this.#chargeParts(reservation, request);
      const result = this.#slices.charge({ ...request, close: false });
      if (request.close) void this.close(request);
      return { ...result, recorded: this.#recorded };
    });
  }

  async renew(request: RenewRequest): Promise<boolean> {
    const reservation = this.#reservations.get(request.id);
    if (!reservation) return this.#beyond.renew(request);
    const alive = this.#slices.renew(request);
    await Promise.all(reservation.parts.map((id) => this.#beyond.renew({ ...request, id })));
    return alive;
  }

  close(request: CloseRequest): void | Promise<void> {
    const reservation = this.#reservations.get(request.id);
    if (!reservation) return this.#beyond.close(request);
    this.#reservations.delete(request.id);
    this.#slices.close(request.id, request.partition);
    if (reservation.isWhole) return;
    return Promise.all(reservation.parts.map((id) => this.#beyond.close({ ...request, id }))).then(
      () => undefined,
    );
  }

  adjust(request: AdjustRequest): Promise<boolean> {
    return adjusted(this.#beyond, request);
  }

  async read(partition: string, counters: readonly QuotaCounter[]): Promise<readonly CounterState[]> {
    const narrow = counters.filter(({ wide }) => !wide);
    const wide = counters.filter((counter) => counter.wide);
    const told = await Promise.all([
      narrow.length > 0 ? this.#slices.read(partition, narrow) : [],
      wide.length > 0 ? this.#beyond.read(partition, wide) : [],
    ]);
    const states = new Map(told.flat().map((state) => [state.counter, state]));
    return counters.map(({ counter }) => states.get(counter) as CounterState);
  }

  end(): Promise<void> {
    return this.#beyond.end();
  }

  async #chargeParts(reservation: SlicedReservation, request: ChargeRequest): Promise<ChargeResult> {
    const { attemptId, items } = request;
    const byPart = new Map<string | undefined, ChargeItem[]>();
    for (const item of items) {
      const part = reservation.partOf(attemptId, item.counter);
      byPart.set(part, [...(byPart.get(part) ?? []), item]);
    }
    const own = byPart.get(undefined) ?? [];
    byPart.delete(undefined);
    const others = await Promise.all(
      [...byPart].map(([id, parts]) =>
        this.#beyond.charge({ ...request, id: id ?? '', items: parts, event: undefined, close: false }),
      ),
    );
    // The slices of this process come last: they are in memory, so this charge cannot fail, and it alone emits the event.
    const result = this.#slices.charge({ ...request, items: own, close: false });
    if (request.close) await this.close(request);
    const states = [result, ...others].flatMap((told) => told.states);
    return {
      ...result,
      recorded: this.#recorded,
      states: items.map(
        ({ counter, windowId }) =>
          states.find((state) => state.counter === counter && state.window === windowId) as CounterState,
      ),
      crossed: [result, ...others].flatMap(({ crossed }) => crossed),
    };
  }

  #holds(charges: readonly QuotaCharge[], partition: string): boolean {
    return this.#slices.means.suffice({ charges, partition });
  }

  async #askFor(
    { partition, leaseMs }: SlicedReservation,
    id: string,
    attemptId: string | undefined,
    alternatives: readonly QuotaAlternative[],
  ): Promise<ReserveResult> {
    return this.#beyond.reserve({ id, partition, attemptId, alternatives, leaseMs });
  }

  #opened(request: ReserveRequest, result: ReserveResult): ReserveResult {
    const { id, partition, leaseMs, attemptId } = request;
    this.#reservations.set(id, new SlicedReservation(id, partition, leaseMs, attemptId));
    const [oldest] = this.#reservations.size > most ? this.#reservations.keys() : [];
    if (oldest !== undefined) this.#reservations.delete(oldest);
    return publishAdmission('reserve', request, result);
  }
}

const unlessRefilled = (charge: QuotaCharge): QuotaCharge =>
  charge.window.kind === 'bucket' ? { ...charge, soft: true, onlyBelow: undefined } : charge;
