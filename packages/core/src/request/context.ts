import type { Request, Response } from 'express';
import type { CallPipeline, CallRecorder, RecordedCall } from '../call/call-pipeline.js';
import type { OwnTime } from '../lib/own-time.js';
import type { TollgateError } from '../lib/tollgate-error.js';
import type { Caller } from '../plans/caller.js';

/** A request's view of its reservation. Written by `budget`. */
export interface Reservation {
  readonly id: string;
  /** Tenant, or the caller's id where there is none: the partition of the counters. */
  readonly partition: string;
  /** By the store's clock, ms since the epoch. */
  readonly admittedAtMs: number;
  readonly expiresAtMs: number;
}

/** A request that a guard has counted. */
export interface CountedByGuard {
  /** Returns it to its counters, once; further calls have no effect. */
  giveBack(): void;
}

/** Tollgate's data on one request: `req.tollgate`. A closed interface; each field names its one writer. Never read from headers or body. */
export interface TollgateContext {
  /** core: UUIDv7, answered as `x-request-id` and `request-id`. */
  readonly requestId: string;
  /** core: when the request came in, ms since the epoch. */
  readonly startedAtMs: number;
  /** core: absent under `runWith()`, which has no HTTP request. */
  readonly req?: Request | undefined;
  /** core */
  readonly res?: Response | undefined;
  /** auth */
  caller?: Caller | undefined;
  /** meter: verified caller > route > app > scoped header. */
  labels: Readonly<Record<string, string>>;
  /** core: the pipeline of every provider call. */
  readonly calls: CallPipeline;
  /** the guards: how long they have waited for their stores, in ms, so that their deadlines do not add up; see `storeTimeLeft`. */
  waitedForStoresMs: number;
  /** core: measures the time until `budget()` has admitted the request, which ends it; absent without a subscriber to `tollgate:overhead`. */
  readonly ownTime?: OwnTime | undefined;
  /** rate-limit: the request in its windows. `refuse` returns it to them where the server is the reason of the refusal. */
  counted?: CountedByGuard | undefined;
  /** budget */
  reservation?: Reservation | undefined;
  /**
   * jobs: the request may wait and be done later. A guard that refuses it for want of room that returns with time ({@link
   * TollgateError.deferUntilMs}) passes the refusal here through core's `refuse()`; this function responds to the request.
   */
  deferral?: ((refusal: TollgateError) => void) | undefined;
  /** Set by the refusing guard through core's `refuse()`; inside a handler, by the pipeline. */
  refusal?: TollgateError | undefined;
  /** meter: what the last call of the request that got no response ended with; an SDK's error wraps it. */
  callError?: unknown;
  /** core: codes of the refusals that shadow mode has published for this request. */
  shadowRefusals?: Set<string> | undefined;
  /** core: aborts when the client has left, or by {@link TollgateContext.abort}. */
  readonly signal: AbortSignal;
  /** core: for the guards that must end a request which is already running. */
  abort(error: TollgateError): void;
  /** core: metered fetch of this request; like the two below it may be taken off the context. Rejects with `no_request` where `meter()` is not mounted. */
  readonly fetch: typeof fetch;
  /** meter: implements {@link TollgateContext.fetch}, {@link TollgateContext.record} and {@link TollgateContext.noCall}. */
  recorder?: CallRecorder | undefined;
  /** core: for handlers that have the usage of a call. Rejects with `no_request` where `meter()` is not mounted. */
  readonly record: (call: RecordedCall) => Promise<void>;
  /** core: this request made no provider call; nothing is charged. Throws `no_request` where `meter()` is not mounted. */
  readonly noCall: () => void;
  /**
   * core: calls a listener once when the response is closed, complete or because the client left; at once where it already is. Returns
   * what takes the listener off again. Never called under `runWith()`.
   */
  onClosed(listener: () => void): () => void;
  /** core: route path as Express matched it (`/v1/chat/:id`), where a route handler is known. Never the path text. */
  readonly route: string | undefined;
}

declare global {
  namespace Express {
    interface Request {
      /** Written by `@tollgate/core`; see {@link TollgateContext}. */
      tollgate: TollgateContext;
    }
  }
}
