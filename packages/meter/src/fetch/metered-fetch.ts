import {
  accepts,
  chainOf,
  checkOptions,
  isTollgateError,
  type OptionChecks,
  runningContext,
  type TollgateContext,
  warnOnce,
} from '@tollgate/core';
import { apiOf, unmeteredRouteOf } from '../requests/api-path.js';
import { noRequest, unmeteredRoute } from './fetch-errors.js';
import { MeteredExchange } from './metered-exchange.js';
import { readFetch, requestIn } from './outgoing-of.js';
import { refusedResponse } from './refused-response.js';

type Fetch = typeof fetch;

/** Options of {@link meteredFetch}. */
export interface MeteredFetchOptions {
  /** What sends the requests. @defaultValue the global `fetch`, as it is at the time of the call */
  fetch?: Fetch;
  /** A metered call outside of any request: `throw` with `no_request`, or `allow` it, unmetered. @defaultValue 'throw' */
  outside?: 'throw' | 'allow';
  /**
   * Routes of a provider that cost money and that nobody can meter (images, batches, files, …): `refuse` them, or `allow`
   * them, unmetered. @defaultValue 'refuse'
   */
  unmetered?: 'refuse' | 'allow';
  /**
   * When the client of the request leaves: `abort` its calls, whose usage then stays unknown, so that counters are charged all that was
   * held for them; or `drain` them for at most `drainMs`, so that the usage becomes known. @defaultValue 'drain'; 'abort' with
   * `abort: 'stops'` for a model that shows every token it bills
   */
  whenClientGone?: 'abort' | 'drain';
  /**
   * How long a call continues without its client, and a body whose reader has left is read, in milliseconds. Positive integer.
   * @defaultValue 60_000
   */
  drainMs?: number;
  /**
   * `'stops'`: the provider that this `fetch` calls stops generating, and billing, when a connection is aborted. Declare it only if you
   * have measured it. Default: not assumed.
   */
  abort?: 'stops';
  /** How long a body may lie unread before its call is settled and given up, in milliseconds. @defaultValue 300_000 */
  idleMs?: number;
}

/** The checks of {@link MeteredFetchOptions}. */
export const fetchChecks: OptionChecks<MeteredFetchOptions> = Object.freeze({
  fetch: accepts.function,
  outside: accepts.oneOf('throw', 'allow'),
  unmetered: accepts.oneOf('refuse', 'allow'),
  whenClientGone: accepts.oneOf('abort', 'drain'),
  drainMs: accepts.positiveInteger,
  abort: accepts.oneOf('stops'),
  idleMs: accepts.positiveInteger,
});

/**
 * A drop-in `fetch` for official SDK clients: `new OpenAI({ fetch: meteredFetch() })`. Finds the request that is running, has
 * each call to a model estimated, covered and charged in it, and passes everything else through untouched. A refusal is an
 * answer in the provider's own error shape that the SDK does not retry.
 */
export function meteredFetch(options: MeteredFetchOptions = {}): Fetch {
  checkOptions<MeteredFetchOptions>('meteredFetch', options, fetchChecks);
  return (input, init) => send(runningContext(), options, input, init);
}

/** The same for one request. */
export async function send(
  context: TollgateContext | undefined,
  options: MeteredFetchOptions,
  input: Parameters<Fetch>[0],
  init: Parameters<Fetch>[1],
): Promise<Response> {
  const base = options.fetch ?? globalThis.fetch;
  const request = requestIn(input);
  const url = request?.url ?? String(input);
  const method = init?.method ?? request?.method ?? 'GET';
  const match = apiOf(url, method);
  const unmetered = match ? undefined : unmeteredRouteOf(url, method);
  if (!match && unmetered === undefined) return base(input, init);
  if (!match && options.unmetered === 'allow') {
    warnUnmetered(`to the route "${unmetered}"`);
    return base(input, init);
  }
  if (!context) {
    if (options.outside === 'allow') {
      warnUnmetered('outside of any request');
      return base(input, init);
    }
    throw noRequest('meteredFetch was called outside of any request');
  }
  const api = match?.api ?? 'openai-chat';
  try {
    if (unmetered !== undefined) throw unmeteredRoute(unmetered);
    return await new MeteredExchange(context, options, base, init ?? {}).run(readFetch(input, init));
  } catch (error) {
    if (!isTollgateError(error) || error.code === 'no_request' || error.code === 'request_aborted')
      throw error;
    // The caller's own abort is no refusal, whatever its reason.
    if (init?.signal?.aborted && error === init.signal.reason) throw error;
    const chain = chainOf(init);
    if (chain) chain.refusal = error;
    if (!chain?.alternative) context.refusal ??= error;
    return refusedResponse(error, api, context.requestId);
  }
}

function warnUnmetered(what: string): void {
  warnOnce('TOLLGATE_W_UNMETERED', `meteredFetch let a call ${what} pass unmetered, as it was told to`);
}
