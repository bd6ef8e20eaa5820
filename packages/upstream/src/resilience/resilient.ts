import {
  formatError,
  isTollgateError,
  newId,
  runningContext,
  type TollgateError,
  type WireApi,
} from '@tollgate/core';
import { type ApiRoute, routeOf } from '../api-route.js';
import { upstreamUnavailable } from '../upstream-error.js';
import { type FetchCall, type FetchOutcome, FetchTransport } from './fetch-transport.js';
import { makeCall } from './make-call.js';
import { Resilience } from './resilience.js';
import type { ResilienceOptions } from './resilience-options.js';

type Fetch = typeof fetch;

/**
 * A `fetch` whose calls to models survive what providers do: `new OpenAI({ fetch: resilient(tg.fetch, shared) })`. Wraps any `fetch`;
 * around a metered one, each attempt is authorised, estimated, covered and charged by itself. Retries and fallbacks are made within it, so
 * the last failure is answered with `x-should-retry: false`, and an SDK adds none of its own; a provider that cannot be reached is a 503 or 504
 * in its own error shape, not a throw. What is no call of a model passes through. Throws a `TypeError` for a wrong or unknown option.
 */
export function resilient(base: Fetch, options: Resilience | ResilienceOptions = {}): Fetch {
  if (typeof base !== 'function')
    throw new TypeError('resilient: the first argument must be a fetch function');
  const state = options instanceof Resilience ? options : new Resilience(options);
  return async (input, init) => {
    const request = typeof input === 'object' && 'headers' in input ? input : undefined;
    const url = new URL(request?.url ?? String(input), 'http://localhost');
    const route = routeOf(init?.method ?? request?.method ?? 'GET', url.pathname);
    if (!route || route.api === 'models') return base(input, init);
    const call = await readCall(base, input, init ?? {}, url, { ...route, api: route.api });
    return call ? make(call, state) : base(input, init);
  };
}

type ModelRoute = ApiRoute & { readonly api: WireApi };

/** `undefined` for a body that is no JSON object: whoever comes next refuses it. */
async function readCall(
  base: Fetch,
  input: Parameters<Fetch>[0],
  init: NonNullable<Parameters<Fetch>[1]>,
  url: URL,
  route: ModelRoute,
): Promise<FetchCall | undefined> {
  const request = typeof input === 'object' && 'headers' in input ? input : undefined;
  const text =
    typeof init.body === 'string' ? init.body : await new Request(request?.clone() ?? url, init).text();
  const body = jsonObject(text);
  if (!body) return undefined;
  const model = route.model ?? (typeof body.model === 'string' ? body.model : undefined);
  return {
    base,
    init,
    url,
    api: route.api,
    modelInPath: route.model !== undefined,
    model,
    stream: route.stream ?? body.stream === true,
    text,
    body,
    headers: init.headers ?? request?.headers ?? {},
    signal: init.signal ?? request?.signal,
  };
}

async function make(call: FetchCall, state: Resilience): Promise<Response> {
  const { url } = call;
  const provider = state.settings.providers.find(
    (one) => one.apis.includes(call.api) && url.href.startsWith(`${one.baseUrl}/`),
  );
  const plan = state.plan({
    provider,
    name: provider?.name ?? url.hostname,
    base: provider?.baseUrl ?? url.origin,
    model: call.model,
    stream: call.stream,
    fits: (other) => other.apis.includes(call.api),
    // Where the model is part of a path that is not ours to write, there is no other.
    ...(call.modelInPath && !provider && { fallbacks: {} }),
  });
  const made = await makeCall(plan, new FetchTransport(call, state, plan));
  if (!made || (made.chain.isRefused && made.step.alternative))
    return errorResponse(plan.unavailable(), call.api);
  return answerOf(made, call, state);
}

/** What the caller gets: the answer, or an error in the provider's shape that no SDK repeats. */
function answerOf(made: FetchOutcome, call: FetchCall, state: Resilience): Response {
  if (!('response' in made)) {
    const error = made.attempt.signal.aborted ? made.attempt.signal.reason : made.error;
    // The caller's own doing: it hears of it as of any other fetch.
    if (call.signal?.aborted === true) throw made.error;
    if (isTollgateError(error) && !error.code.startsWith('upstream_')) throw error;
    return errorResponse(isTollgateError(error) ? error : upstreamUnavailable(error), call.api);
  }
  const { response, step, route } = made;
  const brokeOff = (): void => state.brokeOff(step);
  if (response.status < 400 && route === undefined)
    return made.attempt.handOver(response, response.headers, brokeOff);
  const headers = new Headers(response.headers);
  if (response.status >= 400) headers.set('x-should-retry', 'false');
  if (route !== undefined) headers.set('x-tollgate-route', route);
  if (step.target.substituted) headers.set('x-tollgate-degraded', 'fallback');
  return made.attempt.handOver(response, headers, brokeOff);
}

function errorResponse(error: TollgateError, api: WireApi): Response {
  const format = api === 'anthropic-messages' ? 'anthropic' : api === 'gemini-generate' ? 'gemini' : 'openai';
  const requestId = runningContext()?.requestId ?? newId(Date.now());
  const { contentType, body } = formatError(error, format, requestId);
  const headers = { ...error.headers, 'content-type': contentType, 'x-should-retry': 'false' };
  return new Response(body, { status: error.status, headers });
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
