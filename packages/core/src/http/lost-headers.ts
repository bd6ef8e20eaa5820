import type { IncomingMessage } from 'node:http';
import { TollgateError } from '../lib/tollgate-error.js';

/** The most header fields that Node keeps of a request (`http.Server.maxHeadersCount`); it silently drops the rest. */
const mostHeaders = 1_000;

/**
 * The refusal (431 `request_too_large`) of a request with more than 1 000 header fields: the fields beyond that are lost, perhaps its
 * credential or the type and length of its body.
 */
export function lostHeadersRefusal({
  rawHeaders,
}: Pick<IncomingMessage, 'rawHeaders'>): TollgateError | undefined {
  if (rawHeaders === undefined || rawHeaders.length <= 2 * mostHeaders) return undefined;
  return new TollgateError({
    status: 431,
    code: 'request_too_large',
    message: `The request has more than ${mostHeaders} header fields.`,
    retryAfterMs: false,
  });
}
