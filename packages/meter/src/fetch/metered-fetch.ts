import {
  accepts,
  type Call,
  type CallHandle,
  checkOptions,
  isTollgateError,
  type OptionChecks,
  runningContext,
  type TollgateContext,
  TollgateError,
} from '@tollgate/core';
import { isMetered } from '../calls/metered-contexts.js';
import { apiOf, unmeteredRouteOf } from '../requests/api-path.js';
import { isAbort, meteredBody, stoppedOutcome } from './metered-body.js';
import { type FetchRequest, outgoingOf, readFetch } from './outgoing-of.js';
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
   * The client of the request has gone: `abort` its calls, or `drain` them, so that their usage is known. @defaultValue 'abort'
   */
  whenClientGone?: 'abort' | 'drain';
  /** With `drain`: how long a body that nobody reads is read on, in milliseconds. Positive integer. @defaultValue 30_000 */
  drainMs?: number;
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

/** The same, for one request: `req.tollgate.fetch`. */
export function fetchWithin(context: TollgateContext, options: MeteredFetchOptions): Fetch {
  return (input, init) => send(context, options, input, init);
}

async function send(
  context: TollgateContext | undefined,
  options: MeteredFetchOptions,
  input: Parameters<Fetch>[0],
  init: Parameters<Fetch>[1],
): Promise<Response> {
  const base = options.fetch ?? globalThis.fetch;
  const url = input instanceof Request ? input.url : String(input);
  const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
  const match = apiOf(url, method);
  const unmetered = match ? undefined : unmeteredRouteOf(url, method);
  if (!match && (unmetered === undefined || options.unmetered === 'allow')) return base(input, init);
  if (!context) {
    if (options.outside === 'allow') return base(input, init);
    throw noRequest('meteredFetch was called outside of any request');
  }
  const api = match?.api ?? 'openai-chat';
  try {
    if (unmetered !== undefined) throw unmeteredRoute(unmetered);
    return await new MeteredExchange(context, options, base, init ?? {}).run(readFetch(input, init));
  } catch (error) {
    if (!isTollgateError(error) || error.code === 'no_request' || error.code === 'request_aborted')
      throw error;
    context.refusal ??= error;
    return refusedResponse(error, api, context.requestId);
  }
}

/** Calls of a request that failed, so that an SDK's retry is known as a further attempt. The last few. */
const failedCalls = new WeakMap<TollgateContext, { readonly key: string; readonly call: Call }[]>();
const mostFailed = 8;

class MeteredExchange {
  constructor(
    private readonly context: TollgateContext,
    private readonly options: MeteredFetchOptions,
    private readonly base: Fetch,
    private readonly init: NonNullable<Parameters<Fetch>[1]>,
  ) {}

  async run(request: FetchRequest): Promise<Response> {
    const { text, ...outgoing } = await outgoingOf(request);
    const key = `${request.url}\n${text}`;
    const handle = await this.context.calls.begin(outgoing, {
      previous: this.#previous(request, key),
      whenClientGone: this.options.whenClientGone,
    });
    if (!handle.call.parsed && !isMetered(this.context)) {
      await handle.end({ outcome: 'error', status: 0, sent: false, last: false });
      throw noRequest('meteredFetch needs meter() mounted before this handler');
    }
    let failed = true;
    try {
      const response = await this.#exchange(handle, request);
      failed = response.status >= 400;
      return response;
    } finally {
      if (failed) this.#remember(key, handle.call);
    }
  }

  async #exchange(handle: CallHandle, request: FetchRequest): Promise<Response> {
    const signal = AbortSignal.any([handle.signal, ...request.signals]);
    try {
      signal.throwIfAborted();
    } catch (error) {
      return this.#failed(handle, error, false);
    }
    const headers = new Headers(request.headers);
    headers.delete('content-length');
    const init = { ...this.init, method: request.method, headers, body: handle.body ?? null, signal };
    let response: Response;
    try {
      // A redirect would take the provider's key elsewhere.
      response = await this.base(handle.url, { ...init, redirect: 'manual' });
    } catch (error) {
      return this.#failed(handle, error, wasSent(error));
    }
    const answered = Object.fromEntries(response.headers);
    handle.onResponse(response.status, answered);
    if (!response.body) {
      await handle.end({
        outcome: outcomeOf(response.status),
        status: response.status,
        sent: true,
        last: false,
      });
      return response;
    }
    const limits = {
      idleMs: this.options.idleMs ?? 300_000,
      drainMs: this.options.whenClientGone === 'drain' ? (this.options.drainMs ?? 30_000) : 0,
    };
    return rewrapped(response, meteredBody(handle, response.body, response.status, limits));
  }

  /** No answer came. A refusal that stopped the call is answered as one; anything else is the SDK's to handle. */
  async #failed(handle: CallHandle, error: unknown, sent: boolean): Promise<never> {
    const { stopped } = handle.call;
    const outcome = stopped ? stoppedOutcome(stopped.code) : isAbort(error) ? 'aborted' : 'error';
    await handle.end({ outcome, status: 0, sent, last: false });
    throw stopped ?? error;
  }

  #previous(request: FetchRequest, key: string): Call | undefined {
    const retries = request.headers.get('x-stainless-retry-count');
    if (retries === null || retries === '0') return undefined;
    return failedCalls.get(this.context)?.find((failed) => failed.key === key)?.call;
  }

  #remember(key: string, call: Call): void {
    const failed = (failedCalls.get(this.context) ?? []).filter((one) => one.key !== key);
    failedCalls.set(this.context, [...failed, { key, call }].slice(-mostFailed));
  }
}

const outcomeOf = (status: number) => (status < 400 ? 'ok' : 'error');

/** Errors of a connection that never stood: the request cannot have reached anybody. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);

function wasSent(error: unknown): boolean {
  for (let cause = error; typeof cause === 'object' && cause !== null; ) {
    if ('code' in cause && neverSent.has(String(cause.code))) return false;
    cause = 'cause' in cause ? cause.cause : undefined;
  }
  return true;
}

/** The response with another body. The encoding is undone already, and the length may have changed. */
function rewrapped(response: Response, body: ReadableStream<Uint8Array>): Response {
  const { status, statusText, url } = response;
  const headers = new Headers(response.headers);
  headers.delete('content-encoding');
  headers.delete('content-length');
  const wrapped = new Response(body, { status, statusText, headers });
  Object.defineProperty(wrapped, 'url', { value: url });
  return wrapped;
}

function noRequest(message: string): TollgateError {
  return new TollgateError({ status: 500, code: 'no_request', message: `${message}.` });
}

/** The refusal of a provider's route that costs money and cannot be metered. */
export function unmeteredRoute(route: string): TollgateError {
  return new TollgateError({
    status: 400,
    code: 'unsupported_parameter',
    param: 'path',
    message: `The provider's route "${route}" is not metered, so it is not offered here.`,
    retryAfterMs: false,
  });
}
