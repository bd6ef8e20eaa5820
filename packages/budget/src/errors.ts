import { formatUsd, type Limit, TollgateError } from '@tollgate/core';
import type { CounterState, QuotaRefusal, Unit } from '@tollgate/core/internal';
import type { LimitCharge } from './charges.js';

/** The refusal of a call whose cost nothing measures: admitting it would make every cap useless. */
export function unmeteredError(): TollgateError {
  return new TollgateError({
    status: 500,
    code: 'internal_error',
    message: 'The server does not measure what this call costs.',
    retryAfterMs: false,
  });
}

const minuteMs = 60_000;
const hourMs = 3_600_000;

/** How an app wants its refusals. */
export interface RefusalOptions {
  /** Status where the money is used up. */
  readonly refuseWith: 402 | 429;
  /** Refused calls are done later, when a window has room again. @defaultValue false */
  readonly defers?: boolean;
}

/**
 * The response to a refused reservation: 402 where money is used up, 429 where tokens, requests or permits are, 400 where the request is
 * larger than a whole limit. Names the binding limit; contains figures only of the caller's own limits.
 */
export function refusalError(
  refusal: QuotaRefusal,
  charges: readonly LimitCharge[],
  nowMs: number,
  { refuseWith, defers = false }: RefusalOptions,
): TollgateError {
  const { state, blockedBy } = refusal;
  const bound =
    charges[refusal.charge ?? -1] ?? charges.find(({ charge }) => charge.counter === state?.counter);
  if (!bound || blockedBy === 'closed')
    return unverifiableError(new Error(`the reservation was refused: ${blockedBy}`));
  const facts = {
    limit: bound.limit,
    wide: bound.charge.wide,
    asked: bound.charge.min ?? bound.charge.want,
    state,
  };
  const { unit } = bound.limit;
  const step = stepOf(bound.charge.onlyBelow, state);
  const warned = step === undefined ? undefined : { 'x-tollgate-warning': `budget;used=${step}` };
  if (blockedBy === 'size') {
    const message = `This request is larger than ${facts.wide ? 'a' : 'the whole'} limit. ${figures(facts)}`;
    return new TollgateError({ status: 400, code: 'request_exceeds_limit', message, retryAfterMs: false });
  }
  if (unit === 'concurrent') {
    const message = `Too many requests in flight. ${figures(facts)}`;
    return new TollgateError({ status: 429, code: 'concurrency_exceeded', message, retryAfterMs: 1000 });
  }
  const resetsAtMs = state?.resetsAtMs;
  const waitMs =
    blockedBy === 'held' ? 1000 : (refusal.retryAfterMs ?? Math.max(0, (resetsAtMs ?? nowMs) - nowMs));
  const deferUntilMs = defers && unit !== 'requests' ? nowMs + waitMs : undefined;
  if (unit === 'usd') {
    return new TollgateError({
      status: refuseWith,
      code: 'budget_exceeded',
      type: 'insufficient_quota',
      message: `${step === undefined ? 'The budget does not cover this request.' : endsAt(step, defers)} ${figures(facts)}`,
      headers: warned,
      retryAfterMs: false,
      resetsAtMs,
      deferUntilMs,
    });
  }
  const message = `${step === undefined ? `Too many ${noun[unit]}.` : endsAt(step, defers)} ${figures(facts)}`;
  if (waitMs <= minuteMs) {
    const code = 'rate_limit_exceeded';
    const retryAfterMs = Math.max(1, waitMs);
    const facts = {
      status: 429,
      code,
      message,
      headers: warned,
      retryAfterMs,
      resetsAtMs,
      deferUntilMs,
    } as const;
    return new TollgateError(facts);
  }
  const wait = waitMs <= hourMs ? { 'Retry-After': String(Math.ceil(waitMs / 1000)) } : undefined;
  const headers = { ...wait, ...warned };
  return new TollgateError({
    status: 429,
    code: 'quota_exceeded',
    message,
    headers,
    retryAfterMs: false,
    resetsAtMs,
    deferUntilMs,
  });
}

/** The step of the plan's ladder that has refused, by the share at which it begins; `undefined`: the cap itself did. */
function stepOf(at: number | undefined, state: CounterState | undefined): number | undefined {
  return at !== undefined && state && state.used + state.held >= at * state.limit ? at : undefined;
}

/** A step that defers does so only with requests that may wait, and for which there is room before they expire. */
const endsAt = (step: number, defers: boolean): string => {
  const percent = `${Number((step * 100).toFixed(2))} %`;
  return defers
    ? `From ${percent} of a limit on, this plan serves later what may wait, and this request could not be kept until there is room.`
    : `This plan admits nothing more once ${percent} of a limit are taken.`;
};

/** The response while the store cannot confirm that the budget covers a call. Never a 429: the caller did nothing wrong. */
export function unverifiableError(cause: unknown): TollgateError {
  return new TollgateError({
    status: 503,
    code: 'budget_unverifiable',
    message: 'The budget cannot be checked at the moment. Nothing was charged.',
    retryAfterMs: 1000 + Math.floor(Math.random() * 4) * 1000,
    cause,
  });
}

/** The response where there is no verified caller, and therefore no budget to charge. */
export function noCallerError(): TollgateError {
  return new TollgateError({
    status: 401,
    code: 'missing_api_key',
    message: 'This request has no verified caller, so no budget can be charged for it.',
    headers: { 'WWW-Authenticate': 'Bearer' },
    retryAfterMs: false,
  });
}

const noun: Readonly<Record<Unit, string>> = {
  requests: 'requests',
  tokens: 'tokens',
  inputTokens: 'input tokens',
  outputTokens: 'output tokens',
  usd: 'dollars',
  concurrent: 'requests in flight',
};

interface Facts {
  readonly limit: Limit;
  readonly wide: boolean;
  readonly asked: number;
  readonly state: CounterState | undefined;
}

/** The binding limit in words. Of limits that others share, only the name and the reset: their figures are not this caller's. */
function figures({ limit, wide, asked, state }: Facts): string {
  const reset =
    state?.resetsAtMs === undefined ? '' : ` It resets at ${new Date(state.resetsAtMs).toISOString()}.`;
  if (wide || !state) return `Limit "${limit.name}" is shared.${reset}`;
  const left = amount(limit.unit, state.left);
  const cap = amount(limit.unit, state.limit);
  return `Limit "${limit.name}": ${left} of ${cap} left, ${amount(limit.unit, asked)} asked.${reset}`;
}

function amount(unit: Unit, value: number): string {
  return unit === 'usd' ? `$${formatUsd(value)}` : `${value} ${noun[unit]}`;
}
