import type { Call, Estimate, ParsedCall } from '@tollgate/core/internal';
import type { Response } from 'express';
import type { Candidate } from './candidates.js';

/**
 * Writes the admitted candidate into the outgoing call: model and output cap. Headers name the stated values that were changed, and a cap
 * that is nearly used up where the plan asks for that warning. Returns the estimate of the call that will be sent.
 */
export function dispatch(
  call: Call,
  parsed: ParsedCall,
  { candidate, cap, res }: { candidate: Candidate; cap: number; res: Response | undefined },
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
export function dispatchReplay(call: Call, candidate: Candidate, res: Response | undefined): void {
  call.replays = true;
  warn(candidate, res);
  if (candidate.level > 0 && res && !res.headersSent) res.setHeader('x-tollgate-degraded', 'budget');
}

function warn({ warnsAt }: Candidate, res: Response | undefined): void {
  if (warnsAt === undefined || !res || res.headersSent) return;
  res.setHeader('x-tollgate-warning', `budget;used=${warnsAt}`);
}
