import { isTollgateError, type TollgateContext } from '@tollgate/core';
import { chainOf, checkOptions, publish, runningContext, warnOnce } from '@tollgate/core/internal';
import { formatOf, routeOf } from '@tollgate/wire';
import { decideRoute, type RouteDecision } from '../requests/provider-route.js';
import { noRequestError, unknownHostError, unmeteredRouteError } from './fetch-errors.js';
import { MeteredExchange } from './metered-exchange.js';
import { fetchChecks, type MeteredFetchOptions } from './metered-fetch-options.js';
import { readFetch, requestIn } from './outgoing-of.js';
import { refusedResponse } from './refused-response.js';

type Fetch = typeof fetch;

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
