import { refuseOrShadow } from '@tollgate/core';
import type { DeclaredCall, ReserveResult } from '@tollgate/core/internal';
import { shadowRefusal, shadowRefusalOfCall } from './admission.js';
import type { AdmissionPolicy } from './admission-policy.js';
import type { LimitCharge } from './charges.js';
import type { BudgetedRequest } from './engine.js';
import { refusalError } from './errors.js';
import { sayWhatIsLeft } from './rate-limit-headers.js';
import { announce } from './threshold.js';

/**
 * States what an admission has changed: to the app the thresholds that it crossed, to the client what is left; in shadow mode the refusal
 * that counters above their caps would have meant.
 */
export function announceAdmission(
  { engine, context }: BudgetedRequest,
  asked: readonly LimitCharge[],
  { crossed, states, nowMs }: Extract<ReserveResult, { ok: true }>,
): void {
  const { settings } = engine;
  announce(crossed, context, settings.onThreshold);
  if (engine.enforced) {
    if (context.res) sayWhatIsLeft(context.res, asked, states, nowMs);
    return;
  }
  const refusal = shadowRefusal(asked, states);
  if (refusal) refuseOrShadow(context, refusalError(refusal, asked, nowMs, settings), settings.mode);
}

/** Shadow mode: publishes the refusal of the call itself (its model, its cap), which would have come before any counter was asked. */
export function announceShadowRefusalOfCall(
  { engine, context }: BudgetedRequest,
  call: DeclaredCall | undefined,
  policy: AdmissionPolicy,
): void {
  const refusal = engine.enforced ? undefined : shadowRefusalOfCall(call, policy);
  if (refusal) refuseOrShadow(context, refusal, engine.settings.mode);
}
