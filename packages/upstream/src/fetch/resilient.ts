import { isTollgateError, type TollgateError } from '@tollgate/core';
import {
  formatError,
  type JsonObject,
  type JsonValue,
  newId,
  runningContext,
  type WireApi,
} from '@tollgate/core/internal';
import { formatOf, routeOf } from '@tollgate/wire';
import { promptFacts } from '../call/prompt-facts.js';
import { upstreamUnavailable } from '../exchange/errors.js';
import { makeCall } from '../resilience/make-call.js';
import { Resilience } from '../resilience/resilience.js';
import type { ResilienceOptions } from '../resilience/resilience-options.js';
import type { DispatchedCall } from '../route/routed-call.js';
import { type RoutingSettings, routedCall } from '../route/routed-call.js';
import type { FetchCall } from './fetch-call.js';
import { askedOf } from './fetch-request.js';
import { FetchRouting } from './fetch-routing.js';
import { type FetchOutcome, FetchTransport } from './fetch-transport.js';
import { type ResilientOptions, readResilient } from './resilient-options.js';

type Fetch = typeof fetch;

/**
 * A `fetch` whose calls to models survive failures of providers: `new OpenAI({ fetch: resilient(tg.fetch, shared) })`. Wraps any `fetch`;
 * around a metered one, each attempt is authorised, estimated, covered and charged separately. Retries and fallbacks are made within it, so
 * the last failure is returned with `x-should-retry: false`, and an SDK adds no retries; a provider that cannot be reached results in a 503
 * or 504 in its error format, not a throw. Requests that are no call of a model pass through. Throws a `TypeError` for a wrong or unknown
 * option.
 */
export function resilient(
  base: Fetch,
  options: Resilience | ResilienceOptions = {},
  routing: ResilientOptions = {},
): Fetch {
  if (typeof base !== 'function')
    throw new TypeError('resilient: the first argument must be a fetch function');
  const state = options instanceof Resilience ? options : new Resilience(options);
  const settings = { ...readResilient(routing), resilience: state };
  return async (input, init) => {
    const request = typeof input === 'object' && 'headers' in input ? input : undefined;
    const url = new URL(request?.url ?? String(input), 'http://localhost');
    const route = routeOf(url.href, init?.method ?? request?.method ?? 'GET');
    // The path of a tuned model is none that another provider has.
    if (!route || route.tuned) return base(input, init);
    const text =
      typeof init?.body === 'string' ? init.body : await new Request(request?.clone() ?? url, init).text();
    const body = jsonObject(text);
    // The next handler refuses a body that is no JSON object.
    if (!body) return base(input, init);
    const { api } = route;
    return await make(
      {
        base,
        init: init ?? {},
        url,
        api,
        modelInPath: route.model !== undefined,
        model: route.model ?? (typeof body.model === 'string' ? body.model : undefined),
        stream: route.stream ?? body.stream === true,
        text,
        body,
        headers: init?.headers ?? request?.headers ?? {},
        signal: init?.signal ?? request?.signal,
        routed: false,
      },
      settings,
    );
  };
}

async function make(read: FetchCall, settings: RoutingSettings): Promise<Response> {
  const { url, api, stream } = read;
  const { router, resilience: state, takes } = settings;
  const context = runningContext();
  let way: DispatchedCall | undefined;
  try {
    way = routedCall(settings, context, askedOf(read), {});
  } catch (error) {
    if (!isTollgateError(error)) throw error;
    return refused(error, api);
  }
  const call = way ? { ...read, routed: true } : read;
  const routing = router && way?.route && new FetchRouting(router, way.route, stream);
  const provider =
    way?.provider ??
    state.settings.providers.find((one) => one.apis.includes(api) && url.href.startsWith(`${one.baseUrl}/`));
  const plan = state.plan({
    provider,
    name: provider?.name ?? url.hostname,
    base: provider?.baseUrl ?? url.origin,
    model: way ? way.asked.model : call.model,
    stream,
    fits: (other) => takes(other, api),
    ranked: way?.route?.ranked,
    tenant: context?.caller?.tenant,
    size: () => promptFacts(read.body),
    // Where the model is part of a path that is not ours to write, there is no other.
    fallbacks: call.modelInPath && !provider ? {} : undefined,
  });
  const made = await makeCall(plan, new FetchTransport(call, state, plan, routing));
  if (!made || (made.chain.isRefused && made.step.alternative))
    return errorResponse(plan.unavailable(), call.api);
  return answerOf(made, call, state, routing);
}

/** The caller's result: the response, or an error in the provider's format that no SDK repeats. */
function answerOf(
  made: FetchOutcome,
  call: FetchCall,
  state: Resilience,
  routing: FetchRouting | undefined,
): Response {
  if (!('response' in made)) {
    const error = made.attempt.signal.aborted ? made.attempt.signal.reason : made.error;
    // The caller aborted: it gets the same error as from any other fetch.
    if (call.signal?.aborted === true) throw made.error;
    if (isTollgateError(error) && !error.code.startsWith('upstream_')) throw error;
    return errorResponse(isTollgateError(error) ? error : upstreamUnavailable(error), call.api);
  }
  const { response, step, route, attempt, chain, firstByteMs } = made;
  const over = (broken: boolean): void => {
    if (broken) state.brokeOff(step);
    else if (response.status < 400 && !chain.isReplayed)
      routing?.answered(step, chain.own, { firstByteMs, latencyMs: attempt.elapsedMs });
  };
  if (response.status < 400 && route === undefined) return attempt.handOver(response, response.headers, over);
  const headers = new Headers(response.headers);
  if (response.status >= 400) headers.set('x-should-retry', 'false');
  if (route !== undefined) headers.set('x-tollgate-route', route);
  const model = chain.own?.parsed?.model ?? step.target.model;
  if (model !== undefined && (routing || step.target.substituted)) headers.set('x-tollgate-model', model);
  if (step.target.substituted) headers.set('x-tollgate-degraded', 'fallback');
  return attempt.handOver(response, headers, over);
}

/** No model may, or can, answer it. */
function refused(error: TollgateError, api: WireApi): Response {
  const context = runningContext();
  if (context) context.refusal ??= error;
  return errorResponse(error, api);
}

function errorResponse(error: TollgateError, api: WireApi): Response {
  const format = formatOf(api).errors;
  const requestId = runningContext()?.requestId ?? newId(Date.now());
  const { contentType, body } = formatError(error, format, requestId);
  const headers = { ...error.headers, 'content-type': contentType, 'x-should-retry': 'false' };
  return new Response(body, { status: error.status, headers });
}

function jsonObject(text: string): JsonObject | undefined {
  try {
    const value: JsonValue = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
