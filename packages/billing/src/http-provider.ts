import { accepts, checkOptions } from '@tollgate/core/internal';
import type { BillingProvider, MeterEvent, SendResult } from './billing-provider.js';
import { messageOf } from './message-of.js';

/** The HTTP request for one event. */
export interface EventRequest {
  readonly method: 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Where events are sent by plain HTTP. */
export interface HttpProviderOptions {
  /** Its API's address, `https://…`, without `/api/v1`. */
  url: string;
  /** The API key or token. */
  token: string;
  /** How long one event may take, ms; 1 000 to 80 000. @defaultValue 20_000 */
  timeoutMs?: number;
  /** @defaultValue the global `fetch` */
  fetch?: typeof fetch;
}

/** Throws a `TypeError` for a wrong or unknown option; never shows the token. */
export function checkHttpOptions(factory: string, options: HttpProviderOptions): void {
  checkOptions<HttpProviderOptions>(
    factory,
    options,
    {
      url: (value) =>
        (typeof value === 'string' && /^https?:\/\/[^/?#]+[^?#]*$/.test(value)) || 'an http(s) address',
      token: accepts.string,
      timeoutMs: accepts.integerBetween(1_000, 80_000),
      fetch: accepts.function,
    },
    ['url', 'token'],
  );
  if (!/^[\x21-\x7e]+$/.test(options.token)) {
    throw new TypeError(`${factory}: "token" must be visible ASCII characters, received another text`);
  }
}

/**
 * A provider that takes one event per request and recognises every identifier for good. `isKnown`: whether a refusal means that it already
 * has the event.
 */
export function httpProvider(
  name: string,
  { timeoutMs = 20_000, fetch: send = fetch }: HttpProviderOptions,
  requestOf: (event: MeterEvent) => EventRequest,
  isKnown: (status: number, body: string) => boolean,
): BillingProvider {
  return {
    name,
    recognisesForMs: Number.POSITIVE_INFINITY,
    oldestMs: Number.POSITIVE_INFINITY,
    async send(event) {
      const { url, ...request } = requestOf(event);
      try {
        const signal = AbortSignal.timeout(timeoutMs);
        const response = await send(url, { ...request, signal, redirect: 'error' });
        const body = (await response.text()).slice(0, 2_000);
        return response.ok || isKnown(response.status, body) ? { kind: 'taken' } : refusalOf(response, body);
      } catch (error) {
        return { kind: 'failed', reason: messageOf(error), unknown: true };
      }
    },
  };
}

function refusalOf({ status, headers }: Response, body: string): SendResult {
  const reason = `${status}: ${body}`.slice(0, 300);
  const isOurs = [401, 403, 404, 408, 409, 425, 429].includes(status);
  if (status >= 400 && status < 500 && !isOurs) return { kind: 'refused', reason };
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) &&
    seconds >= 0 && { retryAfterMs: Math.min(seconds, 86_400) * 1_000 };
  return { kind: 'failed', reason, unknown: true, ...retryAfterMs };
}
