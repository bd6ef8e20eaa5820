import { TollgateError } from '@tollgate/core';

/** Resets within this time are worth an SDK's retry, in ms; later ones are stated without an instruction to wait. */
const retryWithinMs = 60_000;
/** Beyond an hour no `Retry-After` is sent: SDKs sleep it out whatever its length. */
const retryAfterWithinMs = 3_600_000;

/** The facts of a refusal. */
export interface RateLimitedFacts {
  /** Name of the rate, e.g. `requests-min`. */
  readonly limit: string;
  readonly quota: number;
  readonly windowMs: number;
  /** Ms since the epoch. */
  readonly resetsAtMs: number;
  readonly nowMs: number;
}

/** 429 `rate_limit_exceeded` where waiting at most a minute helps, otherwise 429 `quota_exceeded`. */
export function rateLimitedError({
  limit,
  quota,
  windowMs,
  resetsAtMs,
  nowMs,
}: RateLimitedFacts): TollgateError {
  const waitMs = Math.max(1, resetsAtMs - nowMs);
  const what = `${quota} ${quota === 1 ? 'request' : 'requests'} per ${spanOf(windowMs)} (${limit})`;
  if (waitMs <= retryWithinMs) {
    return new TollgateError({
      status: 429,
      code: 'rate_limit_exceeded',
      message: `Too many requests: the limit of ${what} is used up. Try again in ${Math.ceil(waitMs / 1_000)} s.`,
      retryAfterMs: waitMs,
      resetsAtMs,
    });
  }
  return new TollgateError({
    status: 429,
    code: 'quota_exceeded',
    message: `The quota of ${what} is used up. It resets at ${new Date(resetsAtMs).toISOString()}.`,
    headers: waitMs <= retryAfterWithinMs ? { 'Retry-After': String(Math.ceil(waitMs / 1_000)) } : {},
    retryAfterMs: false,
    resetsAtMs,
  });
}

/** 400: a request that costs more than a limit admits at any time. */
export function largerThanLimitError(limit: string, quota: number, cost: number): TollgateError {
  return new TollgateError({
    status: 400,
    code: 'request_exceeds_limit',
    message: `This request counts as ${cost} requests, and its limit is ${quota} (${limit}).`,
    retryAfterMs: false,
  });
}

/** 503: the store is down and the app has chosen `whenStoreDown: 'closed'`. */
export function storeUnavailableError(cause: unknown): TollgateError {
  return new TollgateError({
    status: 503,
    code: 'store_unavailable',
    message: 'Requests cannot be counted at the moment. Try again shortly.',
    retryAfterMs: 1_000,
    cause,
  });
}

const spans: readonly (readonly [ms: number, name: string])[] = [
  [604_800_000, 'week'],
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
];

function spanOf(windowMs: number): string {
  return spans.find(([ms]) => ms === windowMs)?.[1] ?? `${windowMs / 1_000} s`;
}
