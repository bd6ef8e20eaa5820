import type { TollgateContext } from '@tollgate/core';
import {
  type AdmittedCall,
  type AttemptChain,
  type CachedAnswer,
  type CallHandle,
  cachedHeaders,
  chainOf,
  defaultDrainMs,
  type OutgoingRequest,
  wasSent,
} from '@tollgate/core/internal';
import { noRequestError } from './fetch-errors.js';
import { isAbort, meteredBody, stoppedOutcome, usageIsNear, usageWaitMs } from './metered-body.js';
import { isMetered } from './metered-contexts.js';
import type { MeteredFetchOptions } from './metered-fetch-options.js';
import { type FetchRequest, outgoingOf } from './outgoing-of.js';

type Fetch = typeof fetch;

/** Calls of a request that failed, so that an SDK's retry is known as a further attempt. The last few. */
const failedCalls = new WeakMap<TollgateContext, { readonly key: string; readonly call: AdmittedCall }[]>();
const mostFailed = 8;

/** Makes the attempts of one call to `fetch`. */
export class MeteredExchange {
  constructor(
    private readonly context: TollgateContext,
    private readonly options: MeteredFetchOptions,
    private readonly base: Fetch,
    private readonly init: NonNullable<Parameters<Fetch>[1]>,
  ) {}

  async run(request: FetchRequest): Promise<Response> {
    const { text, ...read } = await outgoingOf(request);
    const key = `${request.url}\n${text}`;
    const chain = chainOf(this.init);
    const { abort } = this.options;
    const outgoing = { ...(chain ? asked(read, chain) : read), abort };
    const handle = await this.context.calls.begin(outgoing, {
      previous: chain ? chain.call : this.#previous(request, key),
      whenClientGone: this.options.whenClientGone,
      drainMs: this.options.drainMs,
      alternative: chain?.alternative,
    });
    if (chain) chain.call = handle.call;
    if (!handle.call.parsed && !isMetered(this.context)) {
      await handle.end({ outcome: 'error', status: 0, sent: false, last: false });
      throw noRequestError('meteredFetch needs meter() mounted before this handler');
    }
    if (handle.call.replays && handle.call.cached) return this.#replayed(handle, handle.call.cached);
    let failed = true;
    try {
      const response = await this.#exchange(handle, request);
      failed = response.status >= 400;
      return response;
    } finally {
      if (failed) this.#remember(key, handle.call);
    }
  }

  /** The answer that was paid for before. */
  async #replayed(handle: CallHandle, cached: CachedAnswer): Promise<Response> {
    await handle.end({ outcome: 'ok', status: 200, sent: false, last: false });
    const headers = { ...cachedHeaders(cached), 'content-type': cached.contentType };
    const response = new Response(cached.body, { headers });
    Object.defineProperty(response, 'url', { value: handle.url });
    return response;
  }

  async #exchange(handle: CallHandle, request: FetchRequest): Promise<Response> {
    const { signal, release } = stopSignal(handle, request.signals);
    try {
      signal.throwIfAborted();
    } catch (error) {
      release();
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
      release();
      return this.#failed(handle, error, wasSent(error));
    }
    const answered = Object.fromEntries(response.headers);
    handle.onResponse(response.status, answered);
    if (!response.body) {
      release();
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
      drainMs: handle.drains ? (this.options.drainMs ?? defaultDrainMs) : 0,
    };
    return rewrapped(response, meteredBody(handle, response.body, response.status, { ...limits, release }));
  }

  /** No answer came. A refusal that stopped the call is answered as one; anything else is the SDK's to handle. */
  async #failed(handle: CallHandle, error: unknown, sent: boolean): Promise<never> {
    const { stopped } = handle.call;
    const outcome = stopped ? stoppedOutcome(stopped.code) : isAbort(error) ? 'aborted' : 'error';
    await handle.end({ outcome, status: 0, sent, last: false });
    this.context.callError = error;
    throw stopped ?? error;
  }

  #previous(request: FetchRequest, key: string): AdmittedCall | undefined {
    const retries = request.headers.get('x-stainless-retry-count');
    if (retries === null || retries === '0') return undefined;
    return failedCalls.get(this.context)?.find((failed) => failed.key === key)?.call;
  }

  #remember(key: string, call: AdmittedCall): void {
    const failed = (failedCalls.get(this.context) ?? []).filter((one) => one.key !== key);
    failedCalls.set(this.context, [...failed, { key, call }].slice(-mostFailed));
  }
}

/** Adds the chain's facts about an attempt that its URL does not contain. */
function asked(outgoing: OutgoingRequest, chain: AttemptChain): OutgoingRequest {
  const { provider, requestedModel, labels } = chain;
  return { ...outgoing, ...(provider !== undefined && { provider }), requestedModel, labels };
}

/**
 * The handle's signal, which waits a moment for a usage that is about to arrive, or the caller's signal, whichever is first; until it is
 * released. Not by `AbortSignal.any()`: on Node 20 a timeout without another reference is collected in there, and never fires.
 */
function stopSignal(
  handle: CallHandle,
  others: readonly AbortSignal[],
): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort(handle.signal.reason);
  const stop = (): void => {
    if (usageIsNear(handle.call)) setTimeout(abort, usageWaitMs).unref();
    else abort();
  };
  if (handle.signal.aborted) stop();
  else handle.signal.addEventListener('abort', stop, { once: true });
  const follow = ({ target }: { target: EventTarget | null }): void =>
    controller.abort(target instanceof AbortSignal ? target.reason : undefined);
  for (const other of others) {
    if (other.aborted) controller.abort(other.reason);
    else other.addEventListener('abort', follow);
  }
  const release = (): void => {
    for (const other of others) other.removeEventListener('abort', follow);
  };
  return { signal: controller.signal, release };
}

const outcomeOf = (status: number) => (status < 400 ? 'ok' : 'error');

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
