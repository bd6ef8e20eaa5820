import { TollgateError } from '@tollgate/core';

/** The job does not exist, or belongs to another caller: the response does not say which. */
export function noSuchJobError(): TollgateError {
  return new TollgateError({
    status: 404,
    code: 'not_found',
    message: 'There is no such job of this caller, or it is kept no longer.',
    retryAfterMs: false,
  });
}

/** The queue takes no further job. */
export function jobsFullError(): TollgateError {
  return new TollgateError({
    status: 503,
    code: 'queue_full',
    message: 'There is no room to do this later. Nothing was charged.',
    retryAfterMs: 60_000,
  });
}

/** The queue, or the source of callers, is away. */
export function jobsAwayError(cause: unknown): TollgateError {
  return new TollgateError({
    status: 503,
    code: 'store_unavailable',
    message: 'Jobs cannot be reached at the moment. Nothing was charged.',
    retryAfterMs: 1_000 + Math.floor(Math.random() * 4) * 1_000,
    cause,
  });
}
