import { TollgateError } from '@tollgate/core';

/** The refusal of a question about usage without a credential. */
export const needsKey = (): TollgateError =>
  new TollgateError({ status: 401, code: 'missing_api_key', message: 'This route needs a key.' });

/** The counters or the ledger are away, or late. */
export const unreadable = (cause: unknown): TollgateError =>
  new TollgateError({
    status: 503,
    code: 'store_unavailable',
    message: 'Usage cannot be read at the moment.',
    retryAfterMs: 2_000,
    cause,
  });
