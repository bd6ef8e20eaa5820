import type { IncomingHttpHeaders } from 'node:http';
import { TollgateError } from '@tollgate/core';
import { accepts, checkOptions, describeValue, sha256Hex, type WireApi } from '@tollgate/core/internal';
import { formatOf } from '@tollgate/wire';
import { Agent, type Dispatcher } from 'undici';
import { KeyRing, type ProviderKey } from './key-ring.js';
import { checkPassHeaders, type PassHeaders, passedHeaders } from './pass-headers.js';
import {
  baseUrlCheck,
  credentialCheck,
  credentialsCheck,
  deploymentsCheck,
  headersCheck,
  pathsCheck,
  queryCheck,
  repeatedSegment,
} from './provider-checks.js';
import { checkTimeouts, type Timeouts } from './timeouts.js';

export type { PassHeaders } from './pass-headers.js';

/**
 * The path of each API of a provider, below its base URL. `{model}` is replaced by the dispatched model, `{action}` by Gemini's
 * `generateContent` or `streamGenerateContent`. `models` lists the models (GET).
 */
export type ProviderPaths = { readonly [Api in WireApi | 'models']?: string };

/** Options of {@link provider}. */
export interface ProviderOptions {
  /** Name as in the price catalogue: `openai`, `anthropic`, `google`, `azure`, `groq`, … */
  name: string;
  /** `http:` or `https:` URL without credentials, query or fragment; paths are appended to it, so it does not hold them itself. */
  baseUrl: string;
  /** The path of each API; an API without a path is not supported. */
  paths: ProviderPaths;
  /** The app's own key at the provider. Default: none is sent. */
  apiKey?: string | undefined;
  /**
   * Several keys instead, with their shares of the calls (`weight`, a positive integer, 1 by default): each call takes the one that is
   * least busy, and one that the provider refuses (401, 403) or limits (429) rests.
   */
  apiKeys?: readonly (string | WeightedKey)[] | undefined;
  /** The header that carries the key; `authorization` sends it as `Bearer`. @defaultValue 'authorization' */
  apiKeyHeader?: 'authorization' | 'x-api-key' | 'api-key' | 'x-goog-api-key' | undefined;
  /** Further request headers, e.g. `{ 'anthropic-version': '2023-06-01' }`. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Query parameters of every request, e.g. `{ 'api-version': '2024-10-21' }`. */
  query?: Readonly<Record<string, string>> | undefined;
  /** The client's headers that are forwarded, with their allowed values. Beta features can change the price. @defaultValue none */
  passHeaders?: PassHeaders | undefined;
  /** Patterns of the models of this provider (`gpt-*`), at least one. Needed where several providers support one API. Default: all. */
  models?: readonly string[] | undefined;
  /** The name on the provider's side of a model, e.g. an Azure deployment. Default: the model's own. */
  deployments?: Readonly<Record<string, string>> | undefined;
  timeouts?: Timeouts | undefined;
  /**
   * `'stops'`: the provider stops generating, and billing, when a connection is aborted. Only then can an aborted call of a model that
   * shows every token be charged less than was held for it. Declare it only if you have measured it. Default: not assumed.
   */
  abort?: 'stops' | undefined;
  /** Connections at a time; calls beyond it wait, within `connectMs`. Positive integer. Default: no bound. */
  maxConnections?: number | undefined;
}

/** One of several keys at a provider. */
export interface WeightedKey {
  readonly key: string;
  /** Positive integer. @defaultValue 1 */
  readonly weight?: number;
}

/** A request to a provider. */
interface ProviderAsk {
  readonly api: WireApi | 'models';
  readonly model?: string | undefined;
  readonly stream: boolean;
  /** Gemini: the stream is wanted as server-sent events. */
  readonly sse?: boolean | undefined;
}

/** The destination of a request: origin and path are made only from the provider's options. */
interface ProviderTarget {
  readonly origin: string;
  /** Path with query. */
  readonly path: string;
}

/** A provider, ready to be called. Its key is kept in a closure: neither listed nor serialised. */
export interface Provider {
  readonly name: string;
  readonly baseUrl: string;
  readonly apis: readonly WireApi[];
  readonly listsModels: boolean;
  readonly models: readonly string[] | undefined;
  readonly timeouts: Timeouts;
  readonly abort: 'stops' | undefined;
  /** Its connections, opened by the first call and kept alive between calls. */
  dispatcher(): Dispatcher;
  /** Throws `invalid_value` (400) for a model that no URL can hold. */
  targetOf(ask: ProviderAsk): ProviderTarget;
  /** The URL as the steps of a call see it: with the model's own name, where a deployment of it is called. */
  urlOf(ask: ProviderAsk): string;
  /** Request headers without credentials; of the client's, those that `passHeaders` lets through. */
  headersOf(ask: ProviderAsk, inbound: IncomingHttpHeaders): Record<string, string>;
  /** Its keys, without their secrets. */
  readonly keys: KeyRing;
  /** Adds the credentials to such headers: those of this key, or of the one whose turn it is. */
  signed(headers: Record<string, string>, key?: ProviderKey): Record<string, string>;
  /** Ends when the running calls have; later calls are answered with 503. */
  close(): Promise<void>;
}

/** Describes a provider: base URL, key and headers come from code only and are checked at start. Opens no connection before the first call. */
export function provider(options: ProviderOptions): Provider {
  checkOptions<ProviderOptions>(
    'provider',
    options,
    {
      name: accepts.string,
      baseUrl: baseUrlCheck,
      paths: pathsCheck,
      apiKey: credentialCheck,
      apiKeys: credentialsCheck,
      apiKeyHeader: accepts.oneOf('authorization', 'x-api-key', 'api-key', 'x-goog-api-key'),
      headers: headersCheck,
      query: queryCheck,
      passHeaders: accepts.object,
      models: accepts.someOf(accepts.string),
      deployments: deploymentsCheck,
      timeouts: accepts.object,
      abort: accepts.oneOf('stops'),
      maxConnections: accepts.positiveInteger,
    },
    ['name', 'baseUrl', 'paths'],
  );
  checkTimeouts('provider', options.timeouts);
  const allowed = checkPassHeaders('provider', options.passHeaders);
  if (options.apiKey !== undefined && options.apiKeys !== undefined) {
    throw new TypeError('provider: "apiKey" and "apiKeys" are two ways to say one thing; give one of them');
  }
  const { name, paths, apiKeyHeader = 'authorization', timeouts = {}, deployments = {} } = options;
  const base = new URL(options.baseUrl);
  const prefix = base.pathname.replace(/\/+$/, '');
  const repeated = repeatedSegment(prefix, Object.values(paths));
  if (repeated !== undefined) {
    throw new TypeError(
      `provider: "baseUrl" must be the URL that paths are appended to, and those of ${name} begin with "${repeated}" themselves, received ${describeValue(options.baseUrl)}`,
    );
  }
  const query = new URLSearchParams(options.query).toString();
  const headersFor = (accept: string): Record<string, string> => ({
    accept,
    'accept-encoding': 'identity',
    'user-agent': 'tollgate',
    ...lowerCased(options.headers),
  });
  const json = { 'content-type': 'application/json' };
  const forLists = headersFor('application/json');
  const forAnswers = { ...forLists, ...json };
  const forStreams = { ...headersFor('text/event-stream, application/json'), ...json };
  const weighted = (options.apiKeys ?? (options.apiKey === undefined ? [] : [options.apiKey])).map(
    weightedKey,
  );
  const keys = new KeyRing(
    weighted.map(({ weight }) => weight),
    weighted.map(({ key }) => sha256Hex(key).slice(0, 12)),
  );
  const credentials = weighted.map(({ key }) => ({
    [apiKeyHeader]: apiKeyHeader === 'authorization' ? `Bearer ${key}` : key,
  }));
  const pathOf = (ask: ProviderAsk, names: Readonly<Record<string, string>>): string => {
    const template = paths[ask.api];
    if (template === undefined) throw new TypeError(`provider ${name} does not speak ${ask.api}`);
    const path = template.includes('{') ? filledIn(template, ask, names) : template;
    const asksForStream = ask.sse && ask.stream && ask.api !== 'models' ? formatOf(ask.api).streamQuery : '';
    const parameters = [query, asksForStream].filter((one) => one !== '').join('&');
    return prefix + path + (parameters === '' ? '' : `?${parameters}`);
  };
  let agent: Agent | undefined;
  const connections = (): Agent => {
    agent ??= new Agent({
      connections: options.maxConnections ?? null,
      pipelining: 1,
      keepAliveTimeout: 10_000,
      connect: { timeout: timeouts.connectMs ?? 10_000 },
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    return agent;
  };
  const made: Provider = {
    name,
    baseUrl: base.origin + prefix,
    apis: Object.freeze(
      (Object.keys(paths) as (keyof ProviderPaths)[]).filter((api): api is WireApi => api !== 'models'),
    ),
    listsModels: paths.models !== undefined,
    models: options.models,
    timeouts,
    abort: options.abort,
    dispatcher: () => connections(),
    targetOf: (ask) => ({ origin: base.origin, path: pathOf(ask, deployments) }),
    urlOf: (ask) => base.origin + pathOf(ask, {}),
    headersOf(ask, inbound) {
      const base = ask.api === 'models' ? forLists : ask.stream ? forStreams : forAnswers;
      return allowed.length === 0 ? { ...base } : { ...base, ...passedHeaders(inbound, allowed) };
    },
    keys,
    signed: (headers, key = keys.take(Date.now())) => ({ ...headers, ...(key && credentials[key.index]) }),
    async close() {
      const open = connections();
      if (!open.closed && !open.destroyed) await open.close();
    },
  };
  return Object.freeze(made);
}

function filledIn(template: string, ask: ProviderAsk, deployments: Readonly<Record<string, string>>): string {
  const action = ask.stream ? 'streamGenerateContent' : 'generateContent';
  const model = ask.model ?? '';
  const name = Object.hasOwn(deployments, model) ? (deployments[model] ?? model) : model;
  if (template.includes('{model}') && !/^[\w.:@-]*\w[\w.:@-]*$/.test(name)) {
    throw new TollgateError({
      status: 400,
      code: 'invalid_value',
      message: 'The model must be a name of letters, digits, dots, colons and dashes.',
      param: 'model',
    });
  }
  return template.replace('{model}', () => encodeURIComponent(name)).replace('{action}', action);
}

const weightedKey = (given: string | WeightedKey): Required<WeightedKey> =>
  typeof given === 'string' ? { key: given, weight: 1 } : { key: given.key, weight: given.weight ?? 1 };

function lowerCased(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
