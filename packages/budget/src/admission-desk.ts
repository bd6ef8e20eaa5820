import { refuseOrShadow, type TollgateContext, type TollgateError } from '@tollgate/core';
import {
  type Call,
  mayHaveRun,
  newId,
  type ReserveRequest,
  type ReserveResult,
  storeTimeLeft,
  whenReady,
} from '@tollgate/core/internal';
import {
  type Admission,
  admissionsOf,
  alternativesOf,
  extensionOf,
  isHeld,
  lessHeld,
  shadowRefusal,
  shadowRefusalOfCall,
} from './admission.js';
import type { AdmissionPolicy } from './admission-policy.js';
import { affordableCap } from './affordable-cap.js';
import { estimateOf, isDeferred } from './candidates.js';
import { chargesIn, type LimitCharge, needsOf } from './charges.js';
import { dispatch, dispatchReplay } from './dispatch.js';
import type { BudgetEngine } from './engine.js';
import { refusalError, unverifiableError } from './errors.js';
import { OpenReservation } from './open-reservation.js';
import { announceOverage } from './overage.js';
import { sayWhatIsLeft } from './rate-limit-headers.js';
import { announce } from './threshold.js';
import { unreservedGrants } from './unreserved.js';

type Admitted = Extract<ReserveResult, { ok: true }>;

/** Admits the calls of one request: reserves in the store, records the grants, and changes the call to the granted one. */
export class AdmissionDesk {
  constructor(
    private readonly engine: BudgetEngine,
    private readonly context: TollgateContext,
    private readonly partition: string,
  ) {}

  /** Opens a reservation, for a call or empty; `begun`: the call is on its way already. Throws, or rejects with, the refusal. */
  reserve(
    call: Call | undefined,
    begun: boolean,
    policy: AdmissionPolicy,
  ): OpenReservation | Promise<OpenReservation> {
    const { engine, partition } = this;
    if (policy.enforced && engine.settings.strict && engine.settling.isFull) {
      throw unverifiableError(new Error(`${engine.settling.size} settlements wait for the store`));
    }
    const nowMs = engine.settings.now();
    const admissions = this.#admissions(call, policy);
    const id = newId(nowMs);
    const { leaseMs, storeDeadlineMs } = engine.settings;
    const alternatives = alternativesOf(admissions, call, this.context);
    const wanted = { id, partition, attemptId: call?.attemptId, alternatives, leaseMs };
    const withinMs = begun ? storeDeadlineMs : this.#timeLeft;
    const asked = engine.store.run('reserve', (store) => store.reserve(wanted), withinMs);
    const unknown = (error: unknown): OpenReservation => {
      if (mayHaveRun(error)) engine.closeLater(id, partition);
      const credit = this.#grace(wanted);
      if (credit) return this.#opened(credit.id, credit.result, admissions, { call, begun, policy });
      this.#passUnverified('reserve', error, policy);
      return this.#unverified(call, admissions, nowMs, policy);
    };
    return whenReady(
      asked,
      (result) => this.#opened(id, result, admissions, { call, begun, policy }),
      unknown,
    );
  }

  /** Tries credit that was leased in advance, where the app enabled it; under another id, since the store may still admit the first. */
  #grace(wanted: ReserveRequest): { id: string; result: ReserveResult } | undefined {
    const { engine } = this;
    if (engine.settings.whenStoreDown !== 'grace') return undefined;
    const id = newId(engine.settings.now());
    const result = engine.store.store.reserveHeld?.({ ...wanted, id });
    if (!result) return undefined;
    engine.admitFromGrace(this.context);
    return { id, result };
  }

  #opened(
    id: string,
    result: ReserveResult,
    admissions: readonly Admission[],
    { call, begun, policy }: { call: Call | undefined; begun: boolean; policy: AdmissionPolicy },
  ): OpenReservation {
    if (!result.ok) throw this.#refusal(result, admissions, policy);
    const { engine, context, partition } = this;
    const { nowMs: admittedAtMs, expiresAtMs } = result;
    const reservation = new OpenReservation({ id, partition, admittedAtMs, verified: true }, engine, context);
    context.reservation = { id, partition, admittedAtMs, expiresAtMs };
    const admission = this.#admit(reservation, call, admissions, result, policy);
    if (call && !begun) reservation.declared = { call, admission };
    return reservation;
  }

  /** Covers a further call (or a further attempt). `false`: the store has ended this reservation. Throws, or rejects with, the refusal. */
  cover(reservation: OpenReservation, call: Call, policy: AdmissionPolicy): boolean | Promise<boolean> {
    const { declared, holds } = reservation;
    const adopts = declared?.call.attemptId === call.attemptId;
    if (!adopts) return this.#coverAnew(reservation, call, undefined, policy);
    reservation.declared = undefined;
    if (declared.call === call || !call.parsed || call.settlement) return true;
    holds.giveBack(call.attemptId);
    const failed = (error: unknown): never => {
      reservation.declared = declared;
      const { parsed } = declared.call;
      if (parsed) holds.take(call.attemptId, needsOf(declared.admission.charges, parsed.estimate));
      throw error;
    };
    try {
      return whenReady(
        this.#coverAnew(reservation, call, declared.admission, policy),
        (kept) => kept,
        failed,
      );
    } catch (error) {
      return failed(error);
    }
  }

  /** `adopted`: how the declared call was admitted, whose place this one takes and whose hold it may use without asking. */
  #coverAnew(
    reservation: OpenReservation,
    call: Call,
    adopted: Admission | undefined,
    policy: AdmissionPolicy,
  ): boolean | Promise<boolean> {
    const { engine } = this;
    const { holds } = reservation;
    // The level at which a cached response was found does not apply to another call.
    const fromLevel = adopted?.candidate?.replays ? 0 : (adopted?.candidate?.level ?? 0);
    const admissions = lessHeld(this.#admissions(call, policy, fromLevel), holds);
    const first = admissions[0];
    if (!reservation.verified || (adopted && first && isHeld(first, holds))) {
      if (!reservation.verified && !holds.holdsFor(call.attemptId)) engine.letThrough('cover', this.context);
      if (first) this.#assign(reservation, call, first, policy);
      return true;
    }
    const alternatives = alternativesOf(admissions, call, this.context);
    const { leaseMs } = engine.settings;
    const { attemptId } = call;
    const wanted = { id: reservation.id, partition: this.partition, attemptId, leaseMs, alternatives };
    const asked = engine.store.run('cover', (store) => store.cover(wanted));
    const covered = (result: ReserveResult): boolean => {
      if (result.ok) this.#admit(reservation, call, admissions, result, policy);
      else if (result.refusal.blockedBy === 'closed') return false;
      else throw this.#refusal(result, admissions, policy);
      return true;
    };
    return whenReady(asked, covered, (error) => {
      this.#passUnverified('cover', error, policy);
      holds.takeNothing(call.attemptId);
      return true;
    });
  }

  /** Adds the limits that the reservation does not yet cover: those of a route. Rejects with the refusal, which ends the reservation. */
  async extend(reservation: OpenReservation, policy: AdmissionPolicy): Promise<void> {
    const { engine } = this;
    const admission = extensionOf(reservation, policy);
    if (admission.asked.length === 0 || !reservation.verified) return;
    const charges = chargesIn(admission.asked);
    let result: ReserveResult;
    try {
      const { id } = reservation;
      const { leaseMs } = engine.settings;
      const [{ event } = {}] = alternativesOf([admission], reservation.declared?.call, this.context);
      const request = { id, partition: this.partition, charges, leaseMs, event };
      result = await engine.store.run('extend', (store) => store.extend(request), this.#timeLeft);
    } catch (error) {
      try {
        return this.#passUnverified('extend', error, policy);
      } catch (refusal) {
        reservation.closed = true;
        engine.closeLater(reservation.id, this.partition);
        throw refusal;
      }
    }
    if (!result.ok) {
      reservation.closed = true;
      throw this.#refusal(result, [admission], policy);
    }
    const call = reservation.declared?.call;
    if (call) reservation.holds.giveBack(call.attemptId);
    this.#admit(reservation, call, [admission], result, policy);
  }

  /** How long a guard may wait; a call that is made later has the whole deadline. */
  get #timeLeft(): number {
    return storeTimeLeft(this.context, this.engine.settings.storeDeadlineMs);
  }

  /** Continues, counted, where the store has failed and the mode lets unverified requests pass; otherwise throws the refusal. */
  #passUnverified(
    operation: 'reserve' | 'extend' | 'cover',
    error: unknown,
    { enforced }: AdmissionPolicy,
  ): void {
    if (this.engine.settings.whenStoreDown !== 'open' && enforced) throw unverifiableError(error);
    this.engine.letThrough(operation, this.context);
  }

  #admissions(call: Call | undefined, policy: AdmissionPolicy, fromLevel = 0): Admission[] {
    const { enforced, settings } = this.engine;
    const refusal = enforced ? undefined : shadowRefusalOfCall(call, policy);
    if (refusal) refuseOrShadow(this.context, refusal, settings.mode);
    return admissionsOf(call, policy, fromLevel);
  }

  #refusal(
    result: Exclude<ReserveResult, { ok: true }>,
    admissions: readonly Admission[],
    policy: AdmissionPolicy,
  ): TollgateError {
    const { refuseWith } = this.engine.settings;
    const options = { refuseWith, defers: isDeferred(policy) };
    return refusalError(result.refusal, admissions.at(-1)?.asked ?? [], result.nowMs, options);
  }

  #unverified(
    call: Call | undefined,
    admissions: readonly Admission[],
    nowMs: number,
    policy: AdmissionPolicy,
  ): OpenReservation {
    const facts = { id: newId(nowMs), partition: this.partition, admittedAtMs: nowMs, verified: false };
    const reservation = new OpenReservation(facts, this.engine, this.context);
    const first = admissions[0];
    if (!first) return reservation;
    const { charges, grants } = unreservedGrants(chargesIn(first.charges), nowMs);
    reservation.holds.add(charges, grants);
    if (call) this.#assign(reservation, call, first, policy);
    return reservation;
  }

  #admit(
    reservation: OpenReservation,
    call: Call | undefined,
    admissions: readonly Admission[],
    result: Admitted,
    policy: AdmissionPolicy,
  ): Admission {
    const admission = admissions[result.alternative];
    if (!admission)
      throw new RangeError(`the quota store took alternative ${result.alternative}, which was not offered`);
    const { asked } = admission;
    reservation.holds.add(chargesIn(asked), result.grants);
    announce(result.crossed, this.context, this.engine.settings.onThreshold);
    const { res } = this.context;
    if (!this.engine.enforced) this.#shadow(asked, result);
    else if (res) sayWhatIsLeft(res, asked, result.states, result.nowMs);
    if (call) this.#assign(reservation, call, admission, policy);
    if (this.engine.enforced) announceOverage(this.partition, res, asked, result.states);
    return admission;
  }

  /** Shadow mode: the refusal that counters above their caps would have meant. */
  #shadow(asked: readonly LimitCharge[], { states, nowMs }: Admitted): void {
    const { settings } = this.engine;
    const refusal = shadowRefusal(asked, states);
    if (refusal) refuseOrShadow(this.context, refusalError(refusal, asked, nowMs, settings), settings.mode);
  }

  #assign(reservation: OpenReservation, call: Call, admission: Admission, policy: AdmissionPolicy): void {
    const { candidate, charges } = admission;
    const { holds } = reservation;
    const { parsed } = call;
    call.admittedAtMs = reservation.admittedAtMs;
    if (!parsed || !candidate) {
      holds.takeNothing(call.attemptId);
      return;
    }
    if (candidate.replays) {
      dispatchReplay(call, candidate, this.context.res);
      return;
    }
    let estimate = candidate.most;
    if (policy.enforced) {
      const available = charges.map(({ charge }) =>
        holds.isHeldForRequest(charge) ? charge.want : holds.free(charge.counter),
      );
      const priceOf = (cap: number) => estimateOf(parsed, candidate.model, cap);
      const cap = reservation.verified
        ? affordableCap(candidate, charges, available, priceOf)
        : (candidate.cap ?? 0);
      estimate = dispatch(call, parsed, { candidate, cap, res: this.context.res });
    }
    holds.take(call.attemptId, needsOf(charges, estimate));
  }
}
