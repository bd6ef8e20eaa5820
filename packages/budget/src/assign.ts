import type { AdmittedCall, Estimate, ParsedCall, Writing } from '@tollgate/core/internal';
import type { Response } from 'express';
import type { Admission } from './admission.js';
import type { AdmissionPolicy } from './admission-policy.js';
import { affordableCap } from './affordable-cap.js';
import { type Candidate, estimateOf } from './candidates.js';
import { needsOf } from './charges.js';
import type { BudgetedRequest } from './engine.js';
import type { HeldAmounts } from './held-amounts.js';

/** A reservation whose amounts a call may take. */
interface Holder {
  readonly owner: BudgetedRequest;
  readonly holds: HeldAmounts;
  readonly admittedAtMs: number;
  /** `false`: nothing is held in the store. */
  readonly verified: boolean;
}

/** Gives an admitted call its part of what is held, and the model and output cap with which it was admitted. */
export function assign(
  { holds, owner, admittedAtMs, verified }: Holder,
  call: Writing<AdmittedCall>,
  { candidate, charges }: Admission,
  { enforced }: AdmissionPolicy,
): void {
  const { res } = owner.context;
  const { parsed } = call;
  call.admittedAtMs = admittedAtMs;
  if (!parsed || !candidate) {
    holds.takeNothing(call.attemptId);
    return;
  }
  if (candidate.replays) {
    replay(call, candidate, res);
    return;
  }
  let estimate = candidate.most;
  if (enforced) {
    const available = charges.map(({ charge }) =>
      holds.isHeldForRequest(charge) ? charge.want : holds.free(charge.counter),
    );
    const priceOf = (cap: number) => estimateOf(parsed, candidate.model, cap);
    const cap = verified ? affordableCap(candidate, charges, available, priceOf) : (candidate.cap ?? 0);
    estimate = apply(call, parsed, candidate, cap, res);
  }
  holds.take(call.attemptId, needsOf(charges, estimate));
}

/**
 * Writes the admitted candidate into the outgoing call: model and output cap. Headers name the stated values that were changed, and a cap
 * that is nearly used up where the plan asks for that warning. Returns the estimate of the call that will be sent.
 */
function apply(
  call: Writing<AdmittedCall>,
  parsed: ParsedCall,
  candidate: Candidate,
  cap: number,
  res: Response | undefined,
): Estimate {
  const { capStated, maxOutputTokens } = parsed.estimate;
  warn(candidate, res);
  const newModel = candidate.model !== parsed.model;
  const newCap = candidate.cap !== undefined && !(capStated && maxOutputTokens === cap);
  if (!newModel && !newCap) return parsed.estimate;
  const lowered = newCap && capStated;
  parsed.apply({ model: newModel ? candidate.model : undefined, maxOutputTokens: newCap ? cap : undefined });
  if (newModel || lowered) call.degradedFrom = parsed.requestedModel;
  if (res && !res.headersSent) {
    if (newModel) {
      res.setHeader('x-tollgate-model', candidate.model);
      res.setHeader('x-tollgate-degraded', 'budget');
    }
    if (lowered) res.setHeader('x-tollgate-max-output-tokens', String(cap));
  }
  return parsed.estimate;
}

/** The call gets a response that was paid for earlier: states that where the plan's ladder has chosen it. */
function replay(call: Writing<AdmittedCall>, candidate: Candidate, res: Response | undefined): void {
  call.replays = true;
  warn(candidate, res);
  if (candidate.level > 0 && res && !res.headersSent) res.setHeader('x-tollgate-degraded', 'budget');
}

function warn({ warnsAt }: Candidate, res: Response | undefined): void {
  if (warnsAt === undefined || !res || res.headersSent) return;
  res.setHeader('x-tollgate-warning', `budget;used=${warnsAt}`);
}
