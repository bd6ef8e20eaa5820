import {
  accepts,
  checkOptions,
  defaultClientIdleMs,
  type ErrorFormat,
  type GuardOptions,
  guardChecks,
  modelAllowed,
  type WireApi,
} from '@tollgate/core/internal';
import { formatOf, wireApis } from '@tollgate/wire';
import { takesCalls } from '../call/provider-call.js';
import type { Fallbacks } from '../call/target.js';
import type { TraceContext } from '../call/trace-context.js';
import type { Provider } from '../provider/provider.js';
import { checkTimeouts, type Timeouts } from '../provider/timeouts.js';
import { Resilience } from '../resilience/resilience.js';
import { fallbacksCheck, isProvider, providersCheck } from '../resilience/resilience-options.js';
import { checkTask, isRouter } from '../route/route-option.js';
import type { Router } from '../route/router.js';

/** Options of {@link proxy}. */
export interface ProxyOptions extends Omit<GuardOptions, 'mode'> {
  /** Where calls go. Either this or `providers`. */
  provider?: Provider;
  /** Several, with different names: the first that supports the request's API and its model. */
  providers?: readonly Provider[];
  /** The API of the requests, where the path does not show it: by default it is recognised by its end, e.g. `/chat/completions`. */
  api?: WireApi;
  /**
   * When the client leaves: `abort` aborts its call, whose usage then stays unknown, so that counters are charged all that was held for it;
   * `drain` lets the provider finish for at most `drainMs`, so that the usage becomes known. @defaultValue 'drain'; 'abort' at a provider
   * with `abort: 'stops'` for a model that shows every token it bills
   */
  whenClientGone?: 'abort' | 'drain';
  /** How long a call continues without its client, in milliseconds; then it is aborted. Positive integer. @defaultValue 60_000 */
  drainMs?: number;
  /**
   * Retries, fallbacks and circuit breakers, shared with whatever else calls the same providers. @defaultValue none: each call is one
   * attempt
   */
  resilience?: Resilience;
  /** Fallbacks by model, in place of those of `resilience`, which this needs. */
  fallbacks?: Fallbacks;
  /**
   * Where no provider supports the API of a chat request and its model, one that has the model in another format may serve it: the request,
   * its response and its errors are translated between OpenAI's chat completions, Anthropic's messages and Gemini's format. Fields that
   * cannot be translated are refused by name. @defaultValue false
   */
  translate?: boolean;
  /**
   * Chooses a model for requests of the names it takes (`auto`); those it ranks behind take the place of `fallbacks`, as far as
   * `resilience` makes further attempts. Without `provider` and `providers`, other names go to the router's own.
   */
  route?: Router;
  /** The router's task for this route's requests. @defaultValue from label, header or prompt */
  task?: string;
  /**
   * How long the client may accept no byte of its answer while more is waiting, in milliseconds; then its connection is cut. Positive integer.
   * @defaultValue 30_000
   */
  clientIdleMs?: number;
  /** Override those of the provider; `connectMs` can only be shortened. */
  timeouts?: Timeouts;
  /**
   * Trace context for providers: its `traceparent` and `tracestate` are sent with each attempt, e.g.
   * `() => { const carrier = {}; propagation.inject(context.active(), carrier); return carrier; }`. @defaultValue none is sent
   */
  traceContext?: () => TraceContext;
  /** Longest answer, in bytes. Answers are not kept, so the default is no bound. Positive integer. */
  maxResponseBytes?: number;
}

/** {@link ProxyOptions}, checked and complete. */
export interface ProxySettings {
  readonly api: WireApi | undefined;
  readonly whenClientGone: 'abort' | 'drain' | undefined;
  readonly drainMs: number | undefined;
  readonly clientIdleMs: number;
  readonly timeouts: Timeouts | undefined;
  readonly maxResponseBytes: number;
  readonly traceContext: (() => TraceContext) | undefined;
  readonly resilience: Resilience;
  readonly fallbacks: Fallbacks | undefined;
  readonly router: Router | undefined;
  readonly task: string | undefined;
  readonly refusals: 'answer' | 'next';
  readonly errorFormat: ErrorFormat | 'auto';
  /** The provider of a call; `undefined` where none supports its API, or one it can be translated to, or its model. */
  providerFor(api: WireApi, model: string | undefined): Provider | undefined;
  /** Whether a provider can take calls of an API. */
  takes(provider: Provider, api: WireApi): boolean;
  /** The provider whose models are listed. */
  listing(errors: ErrorFormat): Provider | undefined;
}

/** Throws a `TypeError` for a wrong or unknown option. */
export function readOptions(options: ProxyOptions): ProxySettings {
  checkOptions<ProxyOptions>('proxy', options, {
    provider: isProvider,
    providers: providersCheck,
    api: accepts.oneOf(...wireApis),
    whenClientGone: accepts.oneOf('abort', 'drain'),
    drainMs: accepts.positiveInteger,
    clientIdleMs: accepts.positiveInteger,
    resilience: (value) => value instanceof Resilience || 'what resilience() returns',
    fallbacks: fallbacksCheck,
    translate: accepts.boolean,
    route: isRouter,
    task: accepts.string,
    timeouts: accepts.object,
    traceContext: accepts.function,
    maxResponseBytes: accepts.positiveInteger,
    refusals: guardChecks.refusals,
    errorFormat: guardChecks.errorFormat,
  });
  checkTimeouts('proxy', options.timeouts);
  const { route: router, task } = options;
  const providers = options.providers ?? (options.provider ? [options.provider] : (router?.providers ?? []));
  if (providers.length === 0 || (options.provider && options.providers)) {
    throw new TypeError('proxy: exactly one of "provider" and "providers" is required, or a "route"');
  }
  if (options.fallbacks && !options.resilience) {
    throw new TypeError('proxy: "fallbacks" needs "resilience", e.g. resilience: resilience()');
  }
  checkTask('proxy', router, task);
  const lists = providers.filter(({ listsModels }) => listsModels);
  const speaks = (one: Provider, api: WireApi): boolean => one.apis.includes(api);
  const takes = (one: Provider, api: WireApi): boolean => takesCalls(one, api, options.translate === true);
  const takesModel = ({ models }: Provider, model: string | undefined): boolean =>
    !models || (model !== undefined && modelAllowed(models, model));
  return {
    api: options.api,
    whenClientGone: options.whenClientGone,
    drainMs: options.drainMs,
    clientIdleMs: options.clientIdleMs ?? defaultClientIdleMs,
    timeouts: options.timeouts,
    resilience: options.resilience ?? new Resilience({ retries: false, breaker: false }),
    fallbacks: options.fallbacks,
    router,
    task,
    traceContext: options.traceContext,
    maxResponseBytes: options.maxResponseBytes ?? Number.POSITIVE_INFINITY,
    refusals: options.refusals ?? 'answer',
    errorFormat: options.errorFormat ?? 'auto',
    providerFor: (api, model) =>
      providers.find((one) => speaks(one, api) && takesModel(one, model)) ??
      providers.find((one) => takes(one, api) && takesModel(one, model)),
    takes,
    listing: (errors) => {
      const isAnthropic = ({ apis }: Provider) => apis.some((api) => formatOf(api).errors === 'anthropic');
      return lists.find((one) => isAnthropic(one) === (errors === 'anthropic')) ?? lists[0];
    },
  };
}
