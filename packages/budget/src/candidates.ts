import { isTollgateError, TollgateError } from '@tollgate/core';
import {
  type DeclaredCall,
  type DegradeStep,
  defaultMaxOutputTokens,
  type Estimate,
  modelAllowed,
  type ParsedCall,
} from '@tollgate/core/internal';
import type { AdmissionPolicy } from './admission-policy.js';

/** One way to admit a call: unchanged or degraded, with this estimate as its upper (and lower) bound. */
export interface Candidate {
  readonly model: string;
  /** Output cap of each answer; `undefined` where the API has no output. */
  readonly cap: number | undefined;
  readonly most: Estimate;
  /** With the lowest useful cap, where the cap may be lowered to the remaining amount. */
  readonly least: Estimate | undefined;
  /** Applies only while less than this share of each of the plan's caps is used or held. */
  readonly onlyBelow: number | undefined;
  /** How many steps of the ladder were taken. */
  readonly level: number;
  /** It was paid for earlier: it takes only requests. */
  readonly replays?: true;
  /** The share of a cap from which on the client is warned; `undefined`: it is not. */
  readonly warnsAt?: number | undefined;
}

/**
 * The ways in which a call can be admitted, best first: the requested model, then down the plan's ladder, at whose step "cache first" an
 * answer that was paid for before ends it. Throws a TollgateError where the plan does not allow the model (403) or the output cap that the client states (400).
 */
export function candidates(
  { cached, replays }: CandidateCall,
  parsed: ParsedCall,
  policy: AdmissionPolicy,
): Candidate[] {
  const { plan } = policy;
  if (!policy.enforced) {
    return replays
      ? [replayed(parsed, 0)]
      : [candidateOf(parsed, parsed.model, baseCap(parsed, policy), policy, 0)];
  }
  if (!allowed(policy, parsed.model)) throw modelNotAllowed(parsed.model);
  const base = baseCap(parsed, policy);
  const stated = parsed.estimate.capStated ? parsed.estimate.maxOutputTokens : undefined;
  if (stated !== undefined && base !== undefined && base < stated && !policy.fit) {
    throw capTooLarge(parsed.capField, stated, base);
  }
  if (replays) return [replayed(parsed, 0)];
  const found: Candidate[] = [];
  let candidate = candidateOf(parsed, parsed.model, base, policy, 0);
  for (const [index, step] of (plan?.degrade ?? []).entries()) {
    found.push({ ...candidate, onlyBelow: step.at });
    if (endsLadder(step, policy)) return found;
    const warnsAt = step.warn ? step.at : candidate.warnsAt;
    if (step.cache && cached) return [...found, { ...replayed(parsed, index + 1), warnsAt }];
    const next = { ...degraded(parsed, candidate, step, policy, index + 1), warnsAt };
    if (next.model === candidate.model && next.cap === candidate.cap && next.warnsAt === candidate.warnsAt)
      found.pop();
    candidate = next;
  }
  return [...found, candidate];
}

type CandidateCall = Pick<DeclaredCall, 'outgoing' | 'cached' | 'replays'>;

const replayed = (parsed: ParsedCall, level: number): Candidate => ({
  model: parsed.model,
  cap: undefined,
  most: parsed.estimate,
  least: undefined,
  onlyBelow: undefined,
  level,
  replays: true,
});

/** The share of each of the plan's caps from which on nothing is admitted; `undefined`: until they are used up. */
export function admitsBelow(policy: AdmissionPolicy): number | undefined {
  return policy.enforced ? policy.plan?.degrade.find((step) => endsLadder(step, policy))?.at : undefined;
}

/** Whether calls refused for lack of room are done later. */
export function isDeferred({ plan, mayWait, enforced }: AdmissionPolicy): boolean {
  return enforced && mayWait && plan?.degrade.some(({ defer }) => defer) === true;
}

/** Whether nothing more is admitted from a step on. */
function endsLadder({ refuse, defer }: DegradeStep, { mayWait }: AdmissionPolicy): boolean {
  return refuse === true || (defer === true && mayWait);
}

/** The refusal of a model without permission. */
function modelNotAllowed(model: string): TollgateError {
  return new TollgateError({
    status: 403,
    code: 'model_not_allowed',
    message: `The model ${JSON.stringify(model.slice(0, 100))} is not part of this plan.`,
    param: 'model',
  });
}

/** Whether the caller and its plan may use a model. */
export function allowed({ plan, caller }: Pick<AdmissionPolicy, 'plan' | 'caller'>, model: string): boolean {
  return modelAllowed(plan?.models, model) && modelAllowed(caller.models, model);
}

/** The cap that a call is made with before any degradation; `undefined` where its API has no output. */
function baseCap({ estimate }: ParsedCall, { plan, enforced }: AdmissionPolicy): number | undefined {
  if (estimate.answers === 0) return undefined;
  if (!estimate.capStated) return plan?.maxOutputTokens ?? defaultMaxOutputTokens;
  const most = enforced ? plan?.maxOutputTokens : undefined;
  return Math.min(estimate.maxOutputTokens, most ?? Number.POSITIVE_INFINITY);
}

function candidateOf(
  parsed: ParsedCall,
  model: string,
  cap: number | undefined,
  policy: AdmissionPolicy,
  level: number,
): Candidate {
  const { estimate } = parsed;
  const most = isAsStated(parsed, model, cap) ? estimate : estimateOf(parsed, model, cap);
  const fits = policy.enforced && (!estimate.capStated || policy.fit);
  const least =
    fits && cap !== undefined && cap > policy.minOutputTokens
      ? estimateOf(parsed, model, policy.minOutputTokens)
      : undefined;
  return { model, cap, most, least, onlyBelow: undefined, level };
}

function isAsStated({ model, estimate }: ParsedCall, otherModel: string, cap: number | undefined): boolean {
  return (
    model === otherModel && (cap === undefined || (estimate.capStated && estimate.maxOutputTokens === cap))
  );
}

/** Estimate of the call with another model or cap. */
export function estimateOf(parsed: ParsedCall, model: string, cap: number | undefined): Estimate {
  return parsed.estimateOf({ model: model === parsed.model ? undefined : model, maxOutputTokens: cap });
}

/** One step down: another model where the plan allows it and it has a price; a smaller cap. */
function degraded(
  parsed: ParsedCall,
  from: Candidate,
  step: DegradeStep,
  policy: AdmissionPolicy,
  level: number,
): Candidate {
  const cap =
    from.cap === undefined ? undefined : Math.min(from.cap, step.maxOutputTokens ?? Number.POSITIVE_INFINITY);
  const models = step.model;
  const model = models && Object.hasOwn(models, from.model) ? models[from.model] : undefined;
  if (model !== undefined && allowed(policy, model)) {
    try {
      return candidateOf(parsed, model, cap, policy, level);
    } catch (error) {
      if (!isTollgateError(error)) throw error;
    }
  }
  return candidateOf(parsed, from.model, cap, policy, level);
}

function capTooLarge(param: string, stated: number, most: number): TollgateError {
  return new TollgateError({
    status: 400,
    code: 'invalid_value',
    message: `${param} is ${stated}, but this plan allows at most ${most}.`,
    param,
    retryAfterMs: false,
  });
}
