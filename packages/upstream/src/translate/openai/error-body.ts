import type { JsonObject } from '@tollgate/core/internal';
import type { AnswerError } from '../answer-event.js';

/** An error as OpenAI's APIs answer it. */
export function errorBody({ message, status, code }: AnswerError): JsonObject {
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error';
  return { error: { message, type, param: null, code: code ?? null } };
}
