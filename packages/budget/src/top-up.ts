import { TollgateError } from '@tollgate/core';
import type { AdmittedCall, QuotaCharge, ReserveResult } from '@tollgate/core/internal';
import type { AdmissionPolicy } from './admission-policy.js';
import { namedCharges } from './charges.js';
import type { BudgetEngine } from './engine.js';
import { refusalError, unverifiableError } from './errors.js';
import type { Reservation } from './reservation.js';

/** Share of the held amount that is requested beyond the missing one, so that a long stream does not need a store call for every token. */
const slackShare = 0.25;

const clientGone = (): TollgateError =>
  new TollgateError({ status: 499, code: 'request_aborted', message: 'The client went away.' });

/** Watches running calls: covers their cost beyond their holds, and stops them where nothing is left. */
export class TopUps {
  readonly #asking = new Set<string>();
  readonly #count = new Map<string, number>();

  constructor(private readonly engine: BudgetEngine) {}

  /** The running cost of a call has changed. Free while it is within the call's holds. */
  watch(call: AdmittedCall, reservation: Reservation, policy: AdmissionPolicy): void {
    const { running } = call;
    if (!running || call.stopped || this.#asking.has(call.attemptId) || !reservation.verified) return;
    const lacks = reservation.holds.lacking(call.attemptId, running);
    if (lacks.length === 0) return;
    // No reader is left: the call may use the amount held for it, and no more.
    if (call.draining) {
      call.stop(clientGone());
      return;
    }
    const missing = lacks.map(({ counter, held, missing: least }): QuotaCharge => {
      const slack = Math.ceil(Math.max(least, held) * slackShare);
      return { ...counter, want: least + slack, min: least, soft: counter.soft || !policy.enforced };
    });
    this.#asking.add(call.attemptId);
    void this.#ask(call, reservation, missing, policy).finally(() => this.#asking.delete(call.attemptId));
  }

  async #ask(
    call: AdmittedCall,
    reservation: Reservation,
    charges: readonly QuotaCharge[],
    policy: AdmissionPolicy,
  ): Promise<void> {
    const { engine } = this;
    const { id, owner } = reservation;
    const { partition } = owner;
    const count = (this.#count.get(call.attemptId) ?? 0) + 1;
    this.#count.set(call.attemptId, count);
    let result: ReserveResult;
    try {
      const attemptId = `${call.attemptId}+${count}`;
      const { leaseMs } = engine.settings;
      const wanted = { id, partition, attemptId, leaseMs, alternatives: [{ charges }] };
      result = await engine.store.run('cover', (store) => store.cover(wanted));
    } catch (error) {
      if (engine.settings.whenStoreDown !== 'open' && policy.enforced) call.stop(unverifiableError(error));
      return;
    }
    if (!result.ok) {
      // The missing amount is a part of the call: if it exceeds a whole limit, that does not mean that the request does.
      const { refusal, nowMs } = result;
      const blockedBy = refusal.blockedBy === 'size' ? 'used' : refusal.blockedBy;
      const named = namedCharges(charges, policy, call.parsed?.model);
      call.stop(refusalError({ ...refusal, blockedBy }, named, nowMs, engine.settings));
      return;
    }
    reservation.holds.add(charges, result.grants);
    if (!reservation.holds.holdsFor(call.attemptId)) return;
    reservation.holds.take(
      call.attemptId,
      charges.map((charge, index) => [charge, result.grants[index]?.granted ?? 0] as const),
    );
  }
}
