import { TollgateError } from '@tollgate/core';
import type { TurnedAway } from './ticket.js';

const codeOf = {
  full: 'queue_full',
  tenant_full: 'queue_full',
  displaced: 'queue_full',
  shed: 'queue_full',
  timeout: 'queue_timeout',
  store_unavailable: 'store_unavailable',
  closed: 'shutting_down',
} as const;

const messageOf: Readonly<Record<TurnedAway, string>> = {
  full: 'The service is busy, and no more requests can wait. Try again shortly.',
  tenant_full: 'Too many of your requests are waiting already. Try again when some have been answered.',
  displaced: 'The service is busy, and this request gave up its place in the queue. Try again shortly.',
  shed: 'The service is under pressure and serves other plans first. Try again shortly.',
  timeout: 'The service is busy: this request waited as long as it may. Try again shortly.',
  store_unavailable: 'Requests in flight cannot be counted at the moment. Try again shortly.',
  closed: 'This server is shutting down. Ask another, or again in a moment.',
};

/** 503: no permit was free in time. */
export function turnedAwayError(reason: TurnedAway): TollgateError {
  return new TollgateError({
    status: 503,
    code: codeOf[reason],
    message: messageOf[reason],
    retryAfterMs: 1_000,
  });
}

/** 429: the caller has as many requests in flight as its plan allows. */
export function concurrencyExceededError(limit: number): TollgateError {
  return new TollgateError({
    status: 429,
    code: 'concurrency_exceeded',
    message: `Too many requests in flight: at most ${limit} at once. Try again when one has been answered.`,
    retryAfterMs: 1_000,
  });
}

/** 400: the value of the priority header is unknown. */
export function unknownPriorityError(header: string): TollgateError {
  return new TollgateError({
    status: 400,
    code: 'invalid_value',
    param: header,
    message: `${header} must be "batch" or "interactive".`,
  });
}
