import type { TollgateError } from '@tollgate/core';
import { formatError } from '@tollgate/core/internal';
import type { ProviderHost } from '../requests/provider-host.js';

/**
 * A refusal inside a handler as a response: the provider's error format, and `x-should-retry: false`, since an SDK would otherwise sleep
 * and try again within the request. (Throwing would make it retry, and report a connection error.)
 */
export function refusedResponse(
  error: TollgateError,
  format: ProviderHost['errors'],
  requestId: string,
): Response {
  const { contentType, body } = formatError(error, format === 'plain' ? 'openai' : format, requestId);
  return new Response(format === 'plain' ? withMessage(body) : body, {
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

/** Cohere and Bedrock read `message`; Voyage, Jina, Replicate, fal and ElevenLabs `detail`; Deepgram `err_msg`. */
function withMessage(body: string): string {
  const fields = JSON.parse(body);
  const { message } = fields.error;
  return JSON.stringify({ ...fields, message, detail: message, err_msg: message });
}
