import { docsUrlOf } from '../lib/docs-url.js';
import type { TollgateError } from '../lib/tollgate-error.js';

/** The format of an error: that of the provider whose API the client uses, or RFC 9457. */
export type ErrorFormat = 'openai' | 'anthropic' | 'gemini' | 'problem';

/** An error as bytes on the wire. */
export interface FormattedError {
  contentType: string;
  body: string;
}

/**
 * Writes an error's JSON body in one of the four formats. `requestId` is the id that the client quotes to support. Where the documentation
 * has an address (`TOLLGATE_DOCS_URL`), the message ends with the page about the code.
 */
export function formatError(error: TollgateError, format: ErrorFormat, requestId: string): FormattedError {
  const contentType =
    format === 'problem' ? 'application/problem+json; charset=utf-8' : 'application/json; charset=utf-8';
  return { contentType, body: JSON.stringify(errorBody(error, format, requestId)) };
}

/** Writes an error as the last event of a stream that has begun, in the format of the provider whose API the client uses. */
export function formatErrorEvent(error: TollgateError, format: ErrorFormat, requestId: string): string {
  const data = JSON.stringify(errorBody(error, format, requestId));
  return format === 'anthropic' ? `event: error\ndata: ${data}\n\n` : `data: ${data}\n\n`;
}

function errorBody(error: TollgateError, format: ErrorFormat, requestId: string): object {
  const { code } = error;
  const page = docsUrlOf(code);
  const message = page ? `${error.message} See ${page}` : error.message;
  const param = error.param ?? null;
  const reset = error.resetsAtMs === undefined ? {} : { resets_at: new Date(error.resetsAtMs).toISOString() };
  if (format === 'problem') {
    return {
      type: page ?? 'about:blank',
      title: code,
      status: error.status,
      detail: message,
      code,
      param,
      ...reset,
      request_id: requestId,
    };
  }
  if (format === 'anthropic') {
    const type = anthropicType(error.status);
    const details = param === 'thread' ? { details: unthreaded } : {};
    return {
      type: 'error',
      error: { type, message, code, param, ...reset, ...details },
      request_id: requestId,
    };
  }
  if (format === 'gemini') {
    const details = [
      { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code, domain: 'tollgate' },
    ];
    const status = geminiStatus(error.status);
    return {
      error: { code: error.status, message, status, details, param, ...reset },
      request_id: requestId,
    };
  }
  return { error: { message, type: error.type, param, code, ...reset }, request_id: requestId };
}

/** Makes Anthropic's client send the whole conversation without `thread` instead, as its tool runner asks for (SDK 1.11, `ThreadState`). */
const unthreaded = { error_code: 'thread_unsupported_request', unsupported: ['thread'] };

/** Anthropic's `error.type` by HTTP status (docs.anthropic.com, "Errors"). */
function anthropicType(status: number): string {
  const known: Record<number, string> = {
    401: 'authentication_error',
    402: 'billing_error',
    403: 'permission_error',
    404: 'not_found_error',
    413: 'request_too_large',
    429: 'rate_limit_error',
    503: 'overloaded_error',
  };
  return known[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
}

/** Google's `error.status` by HTTP status (google.rpc.Code). */
function geminiStatus(status: number): string {
  const known: Record<number, string> = {
    401: 'UNAUTHENTICATED',
    403: 'PERMISSION_DENIED',
    404: 'NOT_FOUND',
    402: 'RESOURCE_EXHAUSTED',
    429: 'RESOURCE_EXHAUSTED',
    503: 'UNAVAILABLE',
    504: 'DEADLINE_EXCEEDED',
  };
  return known[status] ?? (status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT');
}
