import { isTollgateError, type TollgateContext } from '@tollgate/core';
import {
  accepts,
  chainOf,
  checkOptions,
  type OptionCheck,
  type OptionChecks,
  publish,
  runningContext,
  warnOnce,
} from '@tollgate/core/internal';
import { formatOf, routeOf } from '@tollgate/wire';
import { acceptsBaseUrls } from '../requests/parse-options.js';
import { decideRoute, type RouteDecision } from '../requests/provider-route.js';
import { noRequestError, unknownHostError, unmeteredRouteError } from './fetch-errors.js';
import { MeteredExchange } from './metered-exchange.js';
import { readFetch, requestIn } from './outgoing-of.js';
import { refusedResponse } from './refused-response.js';

type Fetch = typeof fetch;

/** Options of {@link meteredFetch}. */
export interface MeteredFetchOptions {
  /** Sends the requests. @defaultValue the global `fetch` at the time of the call */
  fetch?: Fetch;
  /** A metered call outside of any request: `throw` with `no_request`, or `allow` it, unmetered. @defaultValue 'throw' */
  outside?: 'throw' | 'allow';
  /**
   * Routes of providers that are neither metered nor known to be free (images, batches, rerank, …): `refuse` them, or `allow` them,
   * unmetered; by host, `{ 'api.cohere.com': 'allow' }`, others are refused. @defaultValue 'refuse'
   */
  unmetered?: 'refuse' | 'allow' | Readonly<Record<string, 'refuse' | 'allow'>>;
  /**
   * Hosts that are known neither here nor by `baseUrls` as a provider's: `pass` their calls unmetered, with a warning for each host, or
   * `refuse` them. Calls whose path is a metered one are metered on every host. @defaultValue 'pass'
   */
  unknownHosts?: 'pass' | 'refuse';
  /** Base URLs of further providers: `{ 'https://llm.example.com/v1': 'openai' }`. @defaultValue those of `meter()` for `req.tollgate.fetch` */
  baseUrls?: Readonly<Record<string, string>>;
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
  /** How long a body may stay unread before its call is settled and it is given up, in milliseconds. @defaultValue 300_000 */
  idleMs?: number;
}

const unmeteredCheck: OptionCheck = (value) => {
  const isChoice = (choice: unknown): boolean => choice === 'refuse' || choice === 'allow';
  if (isChoice(value)) return true;
  const byHost = typeof value === 'object' && value !== null && !Array.isArray(value);
  return (
    (byHost && Object.values(value).every(isChoice)) ||
    "'refuse', 'allow', or an object of these by host such as { 'api.cohere.com': 'allow' }"
  );
};

/** The checks of {@link MeteredFetchOptions}. */
export const fetchChecks: OptionChecks<MeteredFetchOptions> = Object.freeze({
  fetch: accepts.function,
  outside: accepts.oneOf('throw', 'allow'),
  unmetered: unmeteredCheck,
  unknownHosts: accepts.oneOf('pass', 'refuse'),
  baseUrls: acceptsBaseUrls,
  whenClientGone: accepts.oneOf('abort', 'drain'),
  drainMs: accepts.positiveInteger,
  abort: accepts.oneOf('stops'),
  idleMs: accepts.positiveInteger,
});

/**
 * A drop-in `fetch` for official SDK clients: `new OpenAI({ fetch: meteredFetch() })`. Finds the request that is running, has
 * each call to a model estimated, covered and charged in it. Calls to providers that are neither metered nor free are refused; calls to other
 * hosts pass. A refusal is an
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
  const decision = decideRoute(url, method, options.baseUrls);
  const passing = passes(decision, url, options);
  if (passing) {
    countUnmetered(url, passing, context);
    return base(input, init);
  }
  if (decision.kind === 'metered' && !context) {
    if (options.outside !== 'allow') throw noRequestError('meteredFetch was called outside of any request');
    warnOnce(
      'TOLLGATE_W_UNMETERED',
      'meteredFetch lets calls outside of any request pass unmetered, as configured',
    );
    countUnmetered(url, 'outside', undefined);
    return base(input, init);
  }
  const host = 'host' in decision ? decision.host : undefined;
  const api = routeOf(url, method)?.api;
  try {
    if (decision.kind === 'refused') throw unmeteredRouteError(decision.route, decision.host?.provider);
    if (decision.kind === 'unknown') throw unknownHostError(hostnameOf(url));
    return await new MeteredExchange(context as TollgateContext, options, base, init ?? {}).run(
      readFetch(input, init),
    );
  } catch (error) {
    if (!isTollgateError(error) || error.code === 'no_request' || error.code === 'request_aborted')
      throw error;
    // The caller's own abort is no refusal, whatever its reason.
    if (init?.signal?.aborted && error === init.signal.reason) throw error;
    const chain = chainOf(init);
    if (chain) chain.refusal = error;
    if (context && !chain?.alternative) context.refusal ??= error;
    return refusedResponse(
      error,
      host?.errors ?? (api ? formatOf(api).errors : 'openai'),
      context?.requestId ?? '',
    );
  }
}

/** Why a call may pass unmetered; `undefined`: it may not, or it is metered. */
type Passing = 'free' | 'unknown-host' | 'allowed' | 'outside';

function passes(decision: RouteDecision, url: string, options: MeteredFetchOptions): Passing | undefined {
  if (decision.kind === 'metered') return undefined;
  if (decision.kind === 'free') return 'free';
  const { unmetered = 'refuse', unknownHosts = 'pass' } = options;
  const host = hostnameOf(url);
  const isAllowed =
    unmetered === 'allow' ||
    (typeof unmetered === 'object' && Object.hasOwn(unmetered, host) && unmetered[host] === 'allow');
  if (isAllowed) {
    const what = decision.kind === 'refused' ? `the route "${decision.route}" of ${host}` : host;
    warnOnce('TOLLGATE_W_UNMETERED', `meteredFetch lets calls to ${what} pass unmetered, as configured`);
    return 'allowed';
  }
  if (decision.kind === 'refused' || unknownHosts === 'refuse') return undefined;
  if (!isLocalHost(host)) warnOfUnknownHost(host);
  return 'unknown-host';
}

/** Hosts that were warned of, the first few. */
const warnedHosts = new Set<string>();
const mostWarned = 20;

function warnOfUnknownHost(host: string): void {
  if (host === '' || warnedHosts.has(host) || warnedHosts.size >= mostWarned) return;
  warnedHosts.add(host);
  warnOnce(
    'TOLLGATE_W_UNKNOWN_HOST',
    `meteredFetch: ${host} is not known as a provider, so its calls pass unmetered. If it is one, set baseUrls: { 'https://${host}/v1': 'openai' } (or whose API it speaks); to refuse unknown hosts, set unknownHosts: 'refuse'.`,
    host,
  );
}

function countUnmetered(url: string, reason: Passing, context: TollgateContext | undefined): void {
  publish('tollgate:unmetered', () => ({ host: hostnameOf(url), reason, requestId: context?.requestId }));
}

const hostnameOf = (url: string): string => (URL.canParse(url) ? new URL(url).hostname : '');

/** Simulated providers, and services on the same machine. */
const isLocalHost = (host: string): boolean => /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(host);
