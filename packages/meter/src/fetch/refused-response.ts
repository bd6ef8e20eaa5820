import { formatError, type TollgateError, type WireApi } from '@tollgate/core';
import { errorFormatFor } from '../calls/call-reading.js';

/**
 * The answer that stands for a refusal inside a handler: the provider's own error shape, and `x-should-retry: false`, since an
 * SDK would otherwise sleep and try again within the request. (Throwing would make it retry, and report a connection error.)
 */
export function refusedResponse(error: TollgateError, api: WireApi, requestId: string): Response {
  const { contentType, body } = formatError(error, errorFormatFor(api), requestId);
  return new Response(body, {
    status: error.status,
    headers: {
      ...error.headers,
      'content-type': contentType,
      'x-should-retry': 'false',
      'x-request-id': requestId,
      'request-id': requestId,
    },
  });
}
