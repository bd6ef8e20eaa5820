import type { TollgateError } from '@tollgate/core';
import { type ErrorFields, nestedErrors } from '@tollgate/core/internal';
import type { Request } from 'express';
import { classifyResponse, saysCreditIsGone } from './classify-response.js';
import { credentialRefused, upstreamError, upstreamTimeout, upstreamUnavailable } from './errors.js';

/**
 * Names of the errors that SDKs throw for a provider's response: OpenAI, Anthropic and those generated like them (`APIError`), Google
 * (`ApiError`), the AI SDK, Mistral (`SDKError`, `MistralError`), Cohere. AWS' have `$metadata`.
 */
const responseErrors = /^(?:APIError|ApiError|AI_APICallError|SDKError|MistralError|CohereError)$/;
const timeoutErrors = /^(?:APIConnectionTimeoutError|RequestTimeoutError|CohereTimeoutError)$/;
const connectionErrors = /^(?:APIConnectionError|ConnectionError)$/;
/** Codes of undici and Node for a time that has passed. */
const timeoutCodes = /^(?:UND_ERR_(?:HEADERS|BODY|CONNECT)_TIMEOUT|ETIMEDOUT)$/;

/**
 * The error for the client behind a provider's failure that an SDK threw in a handler, as `proxy()` answers it: 504 `upstream_timeout`, 503
 * `upstream_unavailable`, 429 `upstream_rate_limited`, else 502 `upstream_error`. A provider's 401, 402 and 403 concern the app's own key and become
 * 502. `undefined` for every other error. For `tollgateErrors({ classify: providerFailure })`; `tg.errors()` uses it.
 */
export function providerFailure(error: unknown, req?: Request): TollgateError | undefined {
  const chain = nestedErrors(error);
  const { callError } = req?.tollgate ?? {};
  for (const one of chain) {
    const names = namesOf(one);
    if (names.some((name) => timeoutErrors.test(name))) return upstreamTimeout('first-byte');
    const status = statusOf(one, names);
    if (status !== undefined) return failureOf(status, one);
    if (names.some((name) => connectionErrors.test(name))) {
      return connectionFailure([...chain, ...nestedErrors(callError)]);
    }
  }
  return callError !== undefined && chain.includes(callError as ErrorFields)
    ? connectionFailure(chain)
    : undefined;
}

/** The names of an error's class and of those it extends, without what bundlers add to them: `_APIError`, `APIError2`. */
function namesOf(error: ErrorFields): string[] {
  const names = typeof error.name === 'string' ? [error.name] : [];
  for (let of = Object.getPrototypeOf(error); of && of !== Error.prototype; of = Object.getPrototypeOf(of)) {
    if (typeof of.constructor?.name === 'string') names.push(of.constructor.name);
  }
  return names.map((name) => name.replace(/^_+|\d+$/g, ''));
}

/** The provider's status in an SDK's error. */
function statusOf(error: ErrorFields, names: readonly string[]): number | undefined {
  const { $metadata } = error;
  const ofAws = $metadata && (error.$fault ? ($metadata as ErrorFields).httpStatusCode : undefined);
  const isResponse = names.some((name) => responseErrors.test(name));
  const status = ofAws ?? (isResponse ? (error.status ?? error.statusCode) : undefined);
  return typeof status === 'number' && status >= 300 && status <= 599 ? status : undefined;
}

function failureOf(status: number, error: ErrorFields): TollgateError {
  const headers = headersOf(error.headers ?? error.responseHeaders);
  const says = String(error.responseBody ?? `"code":"${String(error.code)}"`);
  if (status === 429 && saysCreditIsGone(says)) return credentialRefused();
  const found = classifyResponse(status, headers, Date.now());
  if ('error' in found) return found.error;
  // The handler composed the request, so that a refusal of it is not the client's to mend.
  return upstreamError(`refused the request of this service with status ${status}`, undefined, {
    retryAfterMs: false,
  });
}

function connectionFailure(chain: readonly ErrorFields[]): TollgateError {
  const isTimeout = chain.some(
    ({ code, name }) => name === 'TimeoutError' || name === 'AbortError' || timeoutCodes.test(String(code)),
  );
  return isTimeout ? upstreamTimeout('first-byte') : upstreamUnavailable();
}

/** Headers as `Headers` (OpenAI, Anthropic) or as an object (AI SDK). */
function headersOf(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null) return {};
  const entries = Symbol.iterator in headers ? [...(headers as Headers)] : Object.entries(headers);
  return Object.fromEntries(entries.map(([name, value]) => [String(name).toLowerCase(), String(value)]));
}
