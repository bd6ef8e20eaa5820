import {
  type ChargeItem,
  type DeclaredCall,
  isPromise,
  mayHaveRun,
  newId,
  type ReserveResult,
  type RunningCost,
  type SettledCall,
  type Settlement,
  storeTimeLeft,
  type Writing,
  whenReady,
} from '@tollgate/core/internal';
import {
  type Admission,
  admissionsOf,
  alternativesOf,
  type DeclaredAdmission,
  extensionOf,
  isHeld,
  lessHeld,
  refusalOf,
} from './admission.js';
import type { AdmissionPolicy } from './admission-policy.js';
import { isNothing } from './amounts.js';
import { announceAdmission, announceShadowRefusalOfCall } from './announce-admission.js';
import { assign } from './assign.js';
import { type AttemptEnd, chargedEvent, nothingUsed, requestAsCall } from './charged-event.js';
import { chargesIn, needsOf } from './charges.js';
import type { BudgetedRequest } from './engine.js';
import { unverifiableError } from './errors.js';
import { HeldAmounts } from './held-amounts.js';
import { announceOverage } from './overage.js';
import type { PendingCharge } from './settlement.js';
import { unreservedGrants } from './unreserved.js';

/**
 * One reservation of a request, from its admission to its end: holds the highest cost of each call in the store, divides what is held among
 * the attempts, charges what they used, and returns the rest.
 */
export class Reservation {
  readonly holds = new HeldAmounts();
  /** The call that the guard has reserved for, until it is begun. */
  declared: DeclaredAdmission | undefined;
  closed = false;
  #pending: PendingCharge[] = [];

  private constructor(
    readonly owner: BudgetedRequest,
    readonly id: string,
    readonly admittedAtMs: number,
    /** `false`: the store was away and the app lets requests pass; nothing is held. */
    readonly verified: boolean,
  ) {}

  /** Opens a reservation, for a call or empty; `begun`: the call is on its way already. Throws, or rejects with, the refusal. */
  static open(
    owner: BudgetedRequest,
    call: DeclaredCall | undefined,
    begun: boolean,
    policy: AdmissionPolicy,
  ): Reservation | Promise<Reservation> {
    const { engine, context, partition } = owner;
    const { leaseMs, storeDeadlineMs, now, strict } = engine.settings;
    if (policy.enforced && strict && engine.settling.isFull) {
      throw unverifiableError(new Error(`${engine.settling.size} settlements wait for the store`));
    }
    const nowMs = now();
    announceShadowRefusalOfCall(owner, call, policy);
    const admissions = admissionsOf(call, policy);
    const id = newId(nowMs);
    const alternatives = alternativesOf(admissions, call, context);
    const wanted = { id, partition, attemptId: call?.attemptId, alternatives, leaseMs };
    const opened = (result: ReserveResult, as = id): Reservation => {
      if (!result.ok) throw refusalOf(result, admissions, policy, engine.settings);
      const { nowMs: admittedAtMs, expiresAtMs } = result;
      const reservation = new Reservation(owner, as, admittedAtMs, true);
      context.reservation = { id: as, partition, admittedAtMs, expiresAtMs };
      const admission = reservation.#admit(call, admissions, result, policy);
      if (call && !begun) reservation.declared = { call, admission };
      return reservation;
    };
    const withinMs = begun ? storeDeadlineMs : storeTimeLeft(context, storeDeadlineMs);
    const asked = engine.store.run('reserve', (store) => store.reserve(wanted), withinMs);
    return whenReady(asked, opened, (error) => {
      if (mayHaveRun(error)) engine.closeLater(id, partition);
      const credit = engine.reserveFromGrace(wanted, context);
      if (credit) return opened(credit.result, credit.id);
      engine.passUnverified('reserve', error, policy.enforced, context);
      return Reservation.#unverified(owner, call, admissions[0], nowMs, policy);
    });
  }

  /** One that is only charged, because the store is away and the app lets requests pass. */
  static #unverified(
    owner: BudgetedRequest,
    call: DeclaredCall | undefined,
    first: Admission | undefined,
    nowMs: number,
    policy: AdmissionPolicy,
  ): Reservation {
    const reservation = new Reservation(owner, newId(nowMs), nowMs, false);
    if (!first) return reservation;
    const { charges, grants } = unreservedGrants(chargesIn(first.charges), nowMs);
    reservation.holds.add(charges, grants);
    if (call) assign(reservation, call, first, policy);
    return reservation;
  }

  /** Covers a further call (or a further attempt). `false`: the store has ended this reservation. Throws, or rejects with, the refusal. */
  cover(call: SettledCall, policy: AdmissionPolicy): boolean | Promise<boolean> {
    const { declared, holds } = this;
    if (declared?.call.attemptId !== call.attemptId) return this.#cover(call, undefined, policy);
    this.declared = undefined;
    if (declared.call === call || !call.parsed || call.settlement) return true;
    holds.giveBack(call.attemptId);
    const failed = (error: unknown): never => {
      this.declared = declared;
      const { parsed } = declared.call;
      if (parsed) holds.take(call.attemptId, needsOf(declared.admission.charges, parsed.estimate));
      throw error;
    };
    try {
      const covered = this.#cover(call, declared.admission, policy);
      return isPromise(covered) ? covered.catch(failed) : covered;
    } catch (error) {
      return failed(error);
    }
  }

  /** `adopted`: how the declared call was admitted, whose place this one takes and whose hold it may use without asking. */
  #cover(
    call: SettledCall,
    adopted: Admission | undefined,
    policy: AdmissionPolicy,
  ): boolean | Promise<boolean> {
    const { holds, id, verified } = this;
    const { engine, context, partition } = this.owner;
    announceShadowRefusalOfCall(this.owner, call, policy);
    // The level at which a cached response was found does not apply to another call.
    const fromLevel = adopted?.candidate?.replays ? 0 : (adopted?.candidate?.level ?? 0);
    const admissions = lessHeld(admissionsOf(call, policy, fromLevel), holds);
    const first = admissions[0];
    if (!verified || (adopted && first && isHeld(first, holds))) {
      if (!verified && !holds.holdsFor(call.attemptId)) engine.letThrough('cover', context);
      if (first) assign(this, call, first, policy);
      return true;
    }
    const { leaseMs } = engine.settings;
    const { attemptId } = call;
    const alternatives = alternativesOf(admissions, call, context);
    const wanted = { id, partition, attemptId, leaseMs, alternatives };
    const asked = engine.store.run('cover', (store) => store.cover(wanted));
    const covered = (result: ReserveResult): boolean => {
      if (result.ok) this.#admit(call, admissions, result, policy);
      else if (result.refusal.blockedBy === 'closed') return false;
      else throw refusalOf(result, admissions, policy, engine.settings);
      return true;
    };
    return whenReady(asked, covered, (error) => {
      engine.passUnverified('cover', error, policy.enforced, context);
      holds.takeNothing(call.attemptId);
      return true;
    });
  }

  /** Adds the limits that it does not yet cover: those of a route. Rejects with the refusal, which ends the reservation. */
  async extend(policy: AdmissionPolicy): Promise<void> {
    const { id, declared } = this;
    const { engine, context, partition } = this.owner;
    const admission = extensionOf(this, policy);
    if (admission.asked.length === 0 || !this.verified) return;
    const { leaseMs, storeDeadlineMs } = engine.settings;
    const [{ event } = {}] = alternativesOf([admission], declared?.call, context);
    const request = { id, partition, charges: chargesIn(admission.asked), leaseMs, event };
    const withinMs = storeTimeLeft(context, storeDeadlineMs);
    let result: ReserveResult;
    try {
      result = await engine.store.run('extend', (store) => store.extend(request), withinMs);
    } catch (error) {
      try {
        return engine.passUnverified('extend', error, policy.enforced, context);
      } catch (refusal) {
        this.closed = true;
        engine.closeLater(id, partition);
        throw refusal;
      }
    }
    if (!result.ok) {
      this.closed = true;
      throw refusalOf(result, [admission], policy, engine.settings);
    }
    if (declared) this.holds.giveBack(declared.call.attemptId);
    this.#admit(declared?.call, [admission], result, policy);
  }

  /** Records an attempt's usage; {@link Reservation.flush} sends it to the store. */
  settle(call: Writing<SettledCall>, end: AttemptEnd): void {
    const { holds } = this;
    const settlement = call.settlement ?? nothingUsed;
    const requests = holds.takeRequests();
    let items: readonly ChargeItem[] = [];
    if (isNothing(settlement)) holds.giveBack(call.attemptId);
    else {
      const spending = holds.spending(call.attemptId, settlement);
      items = spending.items;
      call.overrun = spending.overrun && this.verified && call.parsed !== undefined;
      holds.forget(call.attemptId);
    }
    this.#put(call, settlement, end, requests.length === 0 ? items : [...items, ...requests]);
    call.recorded = this.owner.engine.delivers;
  }

  /** Whether anything waits for {@link Reservation.flush}. */
  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /**
   * Sends pending charges to the store; `closes`: in one step with the last one, what is left is released. The returned promise resolves
   * when the first tries have ended.
   */
  flush(closes = false): void | Promise<void> {
    const { engine, context } = this.owner;
    const ends = closes && !this.closed;
    this.closed ||= closes;
    if (ends && !this.hasPending) this.#putRequests();
    const batch = this.#pending;
    if (batch.length === 0) {
      return ends && this.verified ? engine.close(this.id, this.owner.partition) : undefined;
    }
    this.#pending = [];
    let waiting: Promise<void>[] | undefined;
    for (let index = 0; index < batch.length; index += 1) {
      const { call, request } = batch[index] as PendingCharge;
      request.close = ends && index === batch.length - 1;
      const trying = engine.settling.run({ kind: 'charge', request }, (result) =>
        engine.charged(result, context, call),
      );
      if (trying) {
        waiting ??= [];
        waiting.push(trying);
      }
    }
    return waiting && Promise.all(waiting).then(() => undefined);
  }

  /** Heartbeat. A store that fails is asked again with the next beat. */
  async renew(running: readonly RunningCost[]): Promise<void> {
    if (!this.verified || this.closed) return;
    try {
      const { engine, partition } = this.owner;
      await engine.store.try('renew', (store) => store.renew({ id: this.id, partition, running }));
    } catch {
      // It has been published; two more beats fit into the lease.
    }
  }

  #admit(
    call: DeclaredCall | undefined,
    admissions: readonly Admission[],
    result: Extract<ReserveResult, { ok: true }>,
    policy: AdmissionPolicy,
  ): Admission {
    const admission = admissions[result.alternative];
    if (!admission)
      throw new RangeError(`the quota store took alternative ${result.alternative}, which was not offered`);
    const { engine, context, partition } = this.owner;
    const { asked } = admission;
    this.holds.add(chargesIn(asked), result.grants);
    announceAdmission(this.owner, asked, result);
    if (call) assign(this, call, admission, policy);
    if (engine.enforced) announceOverage(partition, context.res, asked, result.states);
    return admission;
  }

  /** A request that made no call is charged as a request, by a separate event. */
  #putRequests(): void {
    const items = this.holds.takeRequests();
    if (items.length === 0) return;
    const call = requestAsCall(this.id, this.admittedAtMs, this.owner.context);
    this.#put(call, nothingUsed, { outcome: 'ok', status: 0 }, items, false);
  }

  #put(
    of: Writing<SettledCall>,
    settlement: Settlement,
    end: AttemptEnd,
    items: readonly ChargeItem[],
    isCall = true,
  ): void {
    const { id, owner } = this;
    const { attemptId } = of;
    const event = chargedEvent(owner, of, settlement, end, items);
    of.charges = event.charges;
    const request = { id, partition: owner.partition, attemptId, items, event, close: false };
    this.#pending.push({ call: isCall ? of : undefined, request });
  }
}
