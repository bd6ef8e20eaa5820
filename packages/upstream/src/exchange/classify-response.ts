import type { TollgateError } from '@tollgate/core';
import { isDecodable } from './decoded-body.js';
import { credentialRefused, upstreamError, upstreamRateLimited, upstreamUnavailable } from './errors.js';
import { retryAdvice } from './retry-after.js';

/** The kind of body sent to the client: events are written as they arrive, a whole response when it is complete. */
export type BodyKind = 'events' | 'whole';

/** The handling of a provider's response, decided by its head alone. */
export type ResponseClass =
  | { readonly pass: BodyKind }
  | { readonly error: TollgateError; readonly credentialRefused?: boolean };

/**
 * Classifies the head of a response. Forwarded: successes in JSON or events, and the 4xx that concern the request itself. Everything else
 * becomes a Tollgate error: 5xx, redirects, the provider's own 429, and the refusals of the app's own key (401, 402, 403), which are no
 * fault of the client.
 */
export function classifyResponse(
  status: number,
  headers: Readonly<Record<string, string>>,
  nowMs: number,
): ResponseClass {
  if (status === 401 || status === 402 || status === 403) {
    return { error: credentialRefused(), credentialRefused: true };
  }
  const advice = status >= 400 ? retryAdvice(headers, nowMs) : {};
  if (status === 429) return { error: upstreamRateLimited(advice) };
  if (status === 503 || status === 529) return { error: upstreamUnavailable(undefined, advice) };
  if (status >= 500) return { error: upstreamError(`failed with status ${status}`, undefined, advice) };
  if (status >= 300 && status < 400) return { error: upstreamError('answered with a redirect') };
  // The request is at fault, in any format of the refusal.
  const kind = kindOf(headers['content-type']) ?? (status >= 400 ? 'whole' : undefined);
  if (kind === undefined)
    return { error: upstreamError('answered with something other than JSON or events') };
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity' && !isDecodable(encoding)) {
    return { error: upstreamError('answered in an encoding that was not asked for') };
  }
  return { pass: kind };
}

/** `undefined` for media types that no API of a model answers with. */
function kindOf(contentType: string | undefined): BodyKind | undefined {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'text/event-stream') return 'events';
  return type !== undefined && /^application\/(?:[\w.-]+\+)?json$/.test(type) ? 'whole' : undefined;
}

/** Whether a provider's 429 means that the app's credit is used up (OpenAI): a problem of the app that waiting does not solve. */
export function saysCreditIsGone(body: string): boolean {
  return /"(?:code|type)"\s*:\s*"insufficient_quota"/.test(body);
}
