import type { IncomingHttpHeaders } from 'node:http';
import type { BodyKind } from './classify-response.js';

/** Header values as single texts; undici joins nothing but gives repeated headers as arrays. */
export function flatHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) flat[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return flat;
}

/** The names under which the providers send the id of a request. */
const requestIdNames = ['x-request-id', 'request-id', 'apim-request-id', 'x-goog-request-id'];

/**
 * The head of our answer: of the provider's headers only the content type, its request id as `x-provider-request-id`, and
 * `retry-after` of a 4xx up to a minute. Its rate limits are the app's, not the client's.
 */
export function answerHeaders(
  status: number,
  headers: Readonly<Record<string, string>>,
  kind: BodyKind,
): Record<string, string> {
  const told = headers['content-type'] ?? '';
  // A 4xx is for the client's SDK, which reads JSON, with any content type of the provider.
  const isOdd = kind === 'whole' && status >= 400 && !/^application\/(?:[\w.-]+\+)?json\b/i.test(told);
  const type = isOdd ? '' : told;
  const fallback = kind === 'events' ? 'text/event-stream' : 'application/json';
  const answer: Record<string, string> = {
    'content-type': /^[\w.+-]+\/[\w.+-]+(?:\s*;\s*charset=[\w-]+)?$/i.test(type) ? type : fallback,
    'cache-control': 'no-store',
  };
  if (kind === 'events') {
    // Compression and buffering proxies would hold events back.
    answer['cache-control'] = 'no-store, no-transform';
    answer['x-accel-buffering'] = 'no';
  }
  for (const name of requestIdNames) {
    const id = headers[name];
    if (id === undefined || !/^[\w.:-]{1,128}$/.test(id)) continue;
    answer['x-provider-request-id'] = id;
    break;
  }
  const retryAfter = headers['retry-after'];
  // Official SDKs wait as long as this header states.
  if (status >= 400 && retryAfter !== undefined && /^(?:[1-5]?\d|60)$/.test(retryAfter)) {
    answer['retry-after'] = retryAfter;
  }
  return answer;
}
