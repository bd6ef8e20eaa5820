import { isTollgateError, type TollgateContext, type TollgateError } from '@tollgate/core';
import {
  type CounterState,
  type DeclaredCall,
  type Estimate,
  noUsage,
  type QuotaAlternative,
  type QuotaCharge,
  type QuotaRefusal,
  type ReserveResult,
  usageEventOf,
} from '@tollgate/core/internal';
import type { AdmissionPolicy } from './admission-policy.js';
import { type Candidate, candidates, isDeferred } from './candidates.js';
import { chargesIn, chargesOf, chargesOfNone, type LimitCharge, softened } from './charges.js';
import { refusalError } from './errors.js';
import type { HeldAmounts } from './held-amounts.js';

/** One alternative of an admission: the form of the call, and the requested amounts. */
export interface Admission {
  /** Absent where no call is known, or its wire format is not. */
  readonly candidate: Candidate | undefined;
  readonly charges: readonly LimitCharge[];
  /** The amounts sent to the store: the charges minus the reservation's unassigned amounts. */
  readonly asked: readonly LimitCharge[];
}

/** The call that the request's own body declares, and how it was admitted. */
export interface DeclaredAdmission {
  readonly call: DeclaredCall;
  readonly admission: Admission;
}

/**
 * The alternatives in which a call (or a request without a known one) can be admitted, best first; in shadow mode the unchanged call,
 * counted and never refused. Throws the TollgateError of a call that is refused no matter how much is left.
 */
export function admissionsOf(
  call: DeclaredCall | undefined,
  policy: AdmissionPolicy,
  fromLevel = 0,
): Admission[] {
  const parsed = call?.parsed;
  if (!call || !parsed) return [admission(undefined, chargesOfNone(policy), policy)];
  return candidates(call, parsed, policy)
    .filter(({ level }) => level >= fromLevel)
    .map((candidate) => admission(candidate, chargesOf(candidate, parsed.priced, policy), policy));
}

/** The same, minus the amounts that the reservation already holds. Calls that it covers are only registered, and cannot be refused. */
export function lessHeld(admissions: readonly Admission[], holds: HeldAmounts): Admission[] {
  return admissions.map(({ candidate, charges }) => {
    const asked = charges
      .filter(({ charge }) => !holds.isHeldForRequest(charge))
      .map(({ limit, charge }): LimitCharge => {
        const free = holds.free(charge.counter);
        if (free === 0) return { limit, charge };
        return { limit, charge: free >= charge.want ? registered(charge) : lowered(charge, free) };
      });
    return { candidate, charges, asked };
  });
}

/** Whether the reservation holds all that this alternative needs. */
export function isHeld({ charges }: Admission, holds: HeldAmounts): boolean {
  return charges.every(
    ({ charge }) => holds.isHeldForRequest(charge) || holds.free(charge.counter) >= charge.want,
  );
}

/** The alternatives as the store takes them, each with the event that its lease keeps. */
export function alternativesOf(
  admissions: readonly Admission[],
  call: DeclaredCall | undefined,
  context: TollgateContext,
): QuotaAlternative[] {
  return admissions.map(({ candidate, asked }) => ({
    charges: chargesIn(asked),
    event: call && candidate && !candidate.replays ? leaseEvent(call, candidate.most, context) : undefined,
  }));
}

/** The request with which an open reservation adds the limits that it does not yet cover. */
export function extensionOf(
  { declared, holds }: { readonly declared: DeclaredAdmission | undefined; readonly holds: HeldAmounts },
  policy: AdmissionPolicy,
): Admission {
  const parsed = declared?.call.parsed;
  const before = declared?.admission.candidate;
  const candidate = parsed &&
    before && { ...before, cap: before.cap && parsed.estimate.maxOutputTokens, most: parsed.estimate };
  const all = candidate
    ? chargesOf({ ...candidate, onlyBelow: undefined }, parsed.priced, policy)
    : chargesOfNone(policy);
  const charges = policy.enforced ? all : softened(all);
  return { candidate, charges, asked: charges.filter(({ charge }) => !holds.knows(charge.counter)) };
}

/** The response to a call of which the store has admitted no alternative. */
export function refusalOf(
  { refusal, nowMs }: Extract<ReserveResult, { ok: false }>,
  admissions: readonly Admission[],
  policy: AdmissionPolicy,
  { refuseWith }: { readonly refuseWith: 402 | 429 },
): TollgateError {
  return refusalError(refusal, admissions.at(-1)?.asked ?? [], nowMs, {
    refuseWith,
    defers: isDeferred(policy),
  });
}

/** The refusal that enforcing the rules would have meant, where shadow mode has let a call pass: the first cap that is passed. */
export function shadowRefusal(
  asked: readonly LimitCharge[],
  states: readonly CounterState[],
): QuotaRefusal | undefined {
  const charge = states.findIndex(({ used, held, limit }, index) => {
    return used + held > limit || (asked[index]?.charge.want === 0 && used >= limit);
  });
  const state = states[charge];
  if (!state) return undefined;
  const { want } = asked[charge]?.charge ?? { want: 0 };
  if (want > state.limit) return { blockedBy: 'size', state, charge };
  return { blockedBy: state.used + want > state.limit || want === 0 ? 'used' : 'held', state, charge };
}

/** The refusal of the call itself (its model, its cap) that enforcing the rules would have meant. */
export function shadowRefusalOfCall(
  call: DeclaredCall | undefined,
  policy: AdmissionPolicy,
): TollgateError | undefined {
  if (!call?.parsed) return undefined;
  try {
    candidates(call, call.parsed, { ...policy, enforced: true });
  } catch (error) {
    if (isTollgateError(error)) return error;
    throw error;
  }
  return undefined;
}

function admission(
  candidate: Candidate | undefined,
  charges: readonly LimitCharge[],
  { enforced }: AdmissionPolicy,
): Admission {
  const counted = enforced ? charges : softened(charges);
  return { candidate, charges: counted, asked: counted };
}

function registered(charge: QuotaCharge): QuotaCharge {
  return { ...charge, want: 0, min: undefined, soft: true };
}

function lowered(charge: QuotaCharge, free: number): QuotaCharge {
  const want = charge.want - free;
  return { ...charge, want, min: charge.min === undefined ? undefined : Math.max(0, charge.min - free) };
}

const unseenEnd = { outcome: 'error', status: 0 } as const;

/** The event to write if the attempt's end is not seen: its input as the estimate, the rest of its holds as unresolved. */
function leaseEvent(
  call: DeclaredCall,
  estimate: Estimate,
  context: TollgateContext,
): QuotaAlternative['event'] {
  return usageEventOf(context, call, {
    settlement: {
      usage: { ...noUsage, inputTokens: estimate.inputTokens, source: 'estimated' },
      costNanoUsd: estimate.inputNanoUsd,
      priceVersion: estimate.priceVersion,
      uncertain: true,
      ceiling: { ...amountsOf(estimate), upToHold: true },
    },
    end: unseenEnd,
    charges: [],
    nowMs: call.startedAtMs,
    model: estimate.model,
  });
}

const amountsOf = ({ inputTokens, outputTokens, costNanoUsd }: Estimate) => ({
  inputTokens,
  outputTokens,
  costNanoUsd,
});
