import type { Call, CallEnd, DeclaredCall, OutgoingRequest, SettledCall } from './call.js';
import type { Drains } from './drains.js';
import type { Usage } from './usage.js';

/**
 * The position of a step. `begin` hooks run in this order: `rewrite` (guardrails: the changed body is the one that is priced and sent),
 * `parse` (meter), `authorize` (auth), `switch` (watch), `inspect` (guardrails), `recall` (cache), `cover` (budget), `record` (meter).
 * `end` hooks run in the same order: measured, charged, recorded.
 */
export type CallStage =
  | 'rewrite'
  | 'parse'
  | 'authorize'
  | 'switch'
  | 'inspect'
  | 'recall'
  | 'cover'
  | 'record';

/** How the HTTP request ended, seen from the app. */
export interface RequestEnd {
  /** Status that was answered; 0 when no answer was begun. */
  readonly status: number;
  /** The client went away before the answer was written. */
  readonly aborted: boolean;
  /** Express matched the request to a handler. */
  readonly routed: boolean;
}

/** A package's part in every call of a request. Hooks may throw (or reject with) a TollgateError to refuse in `begin`. */
export interface CallStep {
  /** Package name; a step of the same name and stage is installed once per request. */
  readonly name: string;
  readonly stage: CallStage;
  begin?(call: SettledCall): void | Promise<void>;
  /** Whether a call of this model would be admitted, judged by its name. Absent: yes. */
  allows?(model: string, provider: string): boolean;
  /** The provider's answer has begun. */
  response?(call: SettledCall, status: number, headers: Readonly<Record<string, string>>): void;
  /**
   * Response bytes on their way to the client, in stage order; returns the bytes to send (possibly none, possibly more). `undefined` passes
   * the chunk unchanged. Called with an empty chunk and `last` at the end.
   */
  chunk?(call: SettledCall, chunk: Uint8Array, last: boolean): Uint8Array | undefined;
  /** Usage or running cost has changed; a step may {@link Call.stop} the call. */
  progress?(call: SettledCall): void;
  /** The client has left before the answer was written; attempts may continue for their usage. */
  left?(): void;
  end?(call: SettledCall, end: CallEnd): void | Promise<void>;
  /**
   * The HTTP request is over and no attempt is running; `declared` is the call that was declared and never begun. Runs again
   * when calls begun after the response have ended.
   */
  finish?(end: RequestEnd, declared: SettledCall | undefined): void | Promise<void>;
}

/** How an attempt is begun. */
export interface BeginOptions {
  /** This is a further attempt of that call. */
  readonly previous?: DeclaredCall | undefined;
  /**
   * `abort`: the attempt is aborted when the client leaves. `drain`: it continues upstream until its usage is known, for at most `drainMs`.
   * Absent: `abort` where the provider stops at an abort and the model shows all that it bills, otherwise `drain`; and no attempt is
   * begun for a client that has left.
   */
  readonly whenClientGone?: 'abort' | 'drain' | undefined;
  /** How long an attempt continues without its client, in milliseconds. Positive integer. @defaultValue 60_000 */
  readonly drainMs?: number | undefined;
  /** One of several candidates of the call: another one follows a refusal, so the refusal is not the request's. */
  readonly alternative?: boolean | undefined;
}

/** One attempt, handed to the transport that makes it. Where `call.replays`, it answers with `call.cached` and sends nothing. */
export interface CallHandle {
  readonly call: SettledCall;
  /** Where to send it. */
  readonly url: string;
  /** The body to send, serialised; `undefined` where there is none. */
  readonly body: string | undefined;
  /** Aborts when the client has left, the budget is used up, or the call is switched off. */
  readonly signal: AbortSignal;
  /** The same for transports that need no signal: calls the one listener when the attempt is stopped; `call.stopped` then contains the reason. */
  onStop(listener: () => void): void;
  /** Calls the one listener when the request's response is over and the attempt continues: its answer may not be read any more. */
  onAlone(listener: () => void): void;
  /** The attempt continues when the client leaves; the pipeline stops it after `drainMs`. */
  readonly drains: boolean;
  /** The provider's status and headers have arrived. */
  onResponse(status: number, headers: Readonly<Record<string, string>>): void;
  /** Takes response bytes; returns those to send to the client now (may be empty). */
  onChunk(chunk: Uint8Array): Uint8Array;
  /** No more bytes follow; returns the held bytes, or the graceful end of a stopped stream. */
  onEnd(): Uint8Array;
  /** For transports that get the usage without bytes. */
  onUsage(usage: Usage): void;
  /** Settles the attempt, once; further calls do nothing. A promise, which never rejects, only where a step is waited for. */
  end(end: CallEnd): void | Promise<void>;
}

/** Usage of a call that a handler made with another client. */
export interface RecordedCall {
  /** `openai`, `anthropic`, `google`, … as in the price catalogue. */
  readonly provider: string;
  readonly model: string;
  /** Normalised usage, or the provider's own usage object. */
  readonly usage: Partial<Usage> | Readonly<Record<string, unknown>>;
  /** Further labels of this call. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Meters a request's calls that do not come through a Tollgate transport. */
export interface CallRecorder {
  /** A metered `fetch`: its calls are estimated, covered and charged in this request. */
  readonly fetch: typeof fetch;
  /** Rejects with a `TypeError` for figures that are no counts, and with a TollgateError where the model has no price. */
  record(call: RecordedCall): Promise<void>;
  /** The request made no provider call. */
  noCall(): void;
}

/** The pipeline of every provider call of a request. Written by core; packages install steps. */
export interface CallPipeline {
  /** Installs a step, once per name and stage. */
  use(step: CallStep): void;
  /** Whether a package has installed a step. */
  has(name: string): boolean;
  /** The call that the request's own body declares, if any. */
  readonly declared: DeclaredCall | undefined;
  /** Runs the stages before `recall` for the call that the request's body declares. Rejects with the refusal. A promise only where a step is waited for. */
  declare(outgoing: OutgoingRequest): DeclaredCall | Promise<DeclaredCall>;
  /**
   * Begins an attempt; rejects with the refusal. The first attempt of a request replaces the declared call: with the same body object and
   * provider it is that call, otherwise it takes over its ids and is parsed and estimated again. Returns a promise only where a step is
   * asynchronous.
   */
  begin(outgoing: OutgoingRequest, options?: BeginOptions): CallHandle | Promise<CallHandle>;
  /** Whether no step would refuse a call of this model for its name: for lists of models. Begins nothing, and checks no limit. */
  allows(model: string, provider: string): boolean;
  /** The handler makes no call any more: a request that is over, and whose client had left, is settled now. */
  handled(): void;
  /** Attempts that have begun and not ended. */
  readonly running: ReadonlySet<SettledCall>;
  /** meter, where the app sets bounds: how many attempts continue at once without their client. @defaultValue one count for the process */
  drains: Drains;
  /** Whether any attempt was begun. */
  readonly begun: boolean;
  /** The HTTP request is over; a call begun now is on its own. */
  readonly finished: boolean;
}
