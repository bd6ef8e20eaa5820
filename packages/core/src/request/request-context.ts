import type { Socket } from 'node:net';
import type { Request, Response } from 'express';
import type { CallRecorder, RecordedCall } from '../call/call-pipeline.js';
import { newId } from '../lib/id.js';
import { ownTime } from '../lib/own-time.js';
import { shareHiddenClass } from '../lib/shared-hidden-class.js';
import { TollgateError } from '../lib/tollgate-error.js';
import type { Caller } from '../plans/caller.js';
import type { CountedByGuard, Reservation, TollgateContext } from './context.js';
import { jobRunOf } from './job-run.js';
import { type PipelineHost, RequestPipeline } from './request-pipeline.js';

const noLabels: Readonly<Record<string, string>> = Object.freeze({});

/** The one implementation of {@link TollgateContext}. */
class RequestContext implements TollgateContext, PipelineHost {
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly calls: RequestPipeline;
  caller: Caller | undefined;
  labels = noLabels;
  waitedForStoresMs = 0;
  readonly ownTime = ownTime();
  counted: CountedByGuard | undefined;
  reservation: Reservation | undefined;
  deferral: ((refusal: TollgateError) => void) | undefined;
  refusal: TollgateError | undefined;
  shadowRefusals: Set<string> | undefined;
  callError: unknown;
  recorder: CallRecorder | undefined;
  #abort: AbortController | undefined;
  #aborted: TollgateError | undefined;
  #isClosed = false;
  #onClosed: Set<() => void> | undefined;

  constructor(
    readonly now: () => number,
    readonly req: Request | undefined,
    readonly res: Response | undefined,
  ) {
    this.startedAtMs = now();
    this.requestId = (req && jobRunOf(req)?.requestId) ?? newId(this.startedAtMs);
    this.calls = new RequestPipeline(this);
  }

  get tenant(): string {
    return this.caller?.tenant ?? '';
  }

  refused(error: TollgateError): void {
    this.refusal ??= error;
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#aborted) this.#abort.abort(this.#aborted);
    }
    return this.#abort.signal;
  }

  get route(): string | undefined {
    const path: unknown = this.req?.route?.path;
    return path === undefined ? undefined : String(path);
  }

  abort(error: TollgateError): void {
    this.calls.stopAll(error);
    this.markAborted(error);
  }

  markAborted(error: TollgateError): void {
    this.#aborted ??= error;
    this.#abort?.abort(error);
  }

  onClosed(listener: () => void): () => void {
    if (this.#isClosed) {
      listener();
      return () => {};
    }
    this.#onClosed ??= new Set();
    this.#onClosed.add(listener);
    return () => void this.#onClosed?.delete(listener);
  }

  /** The response is closed, complete or because the client left. */
  close(req: Request, res: Response): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // Not `writableFinished`: since Node 24 it stays false when the client leaves before it has read an answer that the app has ended.
    const aborted = !res.writableEnded;
    if (aborted) {
      const gone = new TollgateError({
        status: 499,
        code: 'request_aborted',
        message: 'The client went away.',
      });
      this.calls.clientGone(gone);
      this.markAborted(gone);
    }
    const status = res.headersSent ? res.statusCode : 0;
    void this.calls.finish({ status, aborted, routed: req.route !== undefined });
    for (const listener of this.#onClosed ?? []) listener();
  }

  // Getters, so that each works when it is taken off the context, and no request pays for unused functions.
  get fetch(): typeof fetch {
    return (input, init) =>
      this.recorder?.fetch(input, init) ?? Promise.reject(notMounted('req.tollgate.fetch'));
  }

  get record(): (call: RecordedCall) => Promise<void> {
    return (call) => this.recorder?.record(call) ?? Promise.reject(notMounted('req.tollgate.record()'));
  }

  get noCall(): () => void {
    return () => {
      if (!this.recorder) throw notMounted('req.tollgate.noCall()');
      this.recorder.noCall();
    };
  }
}

function notMounted(what: string): TollgateError {
  return new TollgateError({
    status: 500,
    code: 'no_request',
    message: `${what} needs meter() mounted before this handler`,
  });
}

/**
 * The request's context: created by the first Tollgate middleware, found by the rest. Sets `x-request-id` and `request-id`, and watches for
 * the client leaving: `res` closing before everything was written.
 */
export function contextOf(req: Request, res: Response, now: () => number = Date.now): TollgateContext {
  const existing: TollgateContext | undefined = req.tollgate;
  if (existing) return existing;
  const context = new RequestContext(now, req, res);
  shareHiddenClass(req, res);
  req.tollgate = context;
  if (!res.headersSent) {
    res.setHeader('x-request-id', context.requestId);
    res.setHeader('request-id', context.requestId);
  }
  watchForEnd(context, req, res);
  return context;
}

/**
 * Closes the context with its response. A response that was closed earlier emits no event; one that waits behind another on the same
 * connection (pipelining) does not learn of the end of the connection.
 */
function watchForEnd(context: RequestContext, req: Request, res: Response): void {
  const close = (): void => context.close(req, res);
  if (res.closed || req.socket?.destroyed) {
    close();
    return;
  }
  res.once('close', close);
  // Responses without a connection, of test injectors and serverless adapters, never close.
  res.once('finish', close);
  if (res.socket === null && req.socket) alsoWithSocket(req.socket, res, close);
}

const waiting = Symbol('responses that wait for their turn');
type WaitedFor = Socket & { [waiting]?: Set<() => void> };

/** One listener a connection, however many responses wait on it. */
function alsoWithSocket(socket: WaitedFor, res: Response, close: () => void): void {
  let closes = socket[waiting];
  if (!closes) {
    const fresh = new Set<() => void>();
    closes = fresh;
    socket[waiting] = fresh;
    socket.once('close', () => {
      for (const each of fresh) each();
    });
  }
  const all = closes;
  all.add(close);
  res.once('close', () => all.delete(close));
}

/** A context without an HTTP request, for scripts and workers, and a function that ends it: settles and closes open calls. */
export function detachedContext(
  caller: Caller,
  now: () => number = Date.now,
): { context: TollgateContext; finish: () => Promise<void> } {
  const context = new RequestContext(now, undefined, undefined);
  context.caller = caller;
  return { context, finish: () => context.calls.finish({ status: 200, aborted: false, routed: true }) };
}
