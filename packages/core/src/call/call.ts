import type { TollgateError } from '../lib/tollgate-error.js';
import type { CachedAnswer } from './cached-answer.js';
import type { Usage } from './usage.js';
import type { AttemptOutcome, EventCharge } from './usage-event.js';

/** A JSON value as `JSON.parse` gives it. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

/** Wire formats whose requests and usage are understood. */
export type WireApi =
  | 'openai-chat'
  | 'openai-responses'
  | 'openai-embeddings'
  | 'anthropic-messages'
  | 'gemini-generate';

/** The request that a transport is about to send for a call, before any step has processed it. */
export interface OutgoingRequest {
  readonly method: string;
  /** Absolute URL, or the path where the provider is not chosen yet. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The parsed JSON body, an own copy that steps may write to; `undefined` where there is none. */
  readonly body: JsonValue | undefined;
  /** Name of the provider, if the transport has it: `openai`, `anthropic`, … */
  readonly provider?: string | undefined;
  /** Wire format, if the transport has it; otherwise it is recognised by the URL. */
  readonly api?: WireApi | undefined;
  /** The model that was asked for, where the transport asks another one in its place; the ledger's `requestedModel`. */
  readonly requestedModel?: string | undefined;
  /** Labels of this call, in its usage event; the request's own win. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Where the app declares it: the provider stops generating, and billing, when its connection is aborted. */
  readonly abort?: 'stops' | undefined;
  /** The decision of the transport about this call, which finds it here when it sends the call; opaque to all others. */
  readonly target?: object | undefined;
  /** meter: the call was made already, and this is known of it. */
  readonly recording?: Recording | undefined;
}

/** A call that a handler made with another client, on its way through the pipeline. */
export interface Recording {
  readonly parsed: ParsedCall;
  readonly settlement: Settlement;
  readonly labels: Readonly<Record<string, string>> | undefined;
}

/** Another model or output cap that a call could be made with. */
export interface CallVariant {
  readonly model?: string | undefined;
  /** Output cap in tokens, for each of `n` answers. */
  readonly maxOutputTokens?: number | undefined;
}

/** An upper bound of a call's usage, in tokens and money. Integers ≥ 0. */
export interface Estimate {
  readonly model: string;
  readonly inputTokens: number;
  /** Output cap × n. */
  readonly outputTokens: number;
  /** Input bound at the highest input price, priced tools included. */
  readonly inputNanoUsd: number;
  /** Output at its cap. */
  readonly outputNanoUsd: number;
  /** `inputNanoUsd + outputNanoUsd`. */
  readonly costNanoUsd: number;
  readonly priceVersion: string;
  /** Output tokens that one more token of each answer's cap adds: `n`. */
  readonly answers: number;
  /** Output cap of each answer; 0 where the API has no output (embeddings). */
  readonly maxOutputTokens: number;
  /** The client's own body states the cap; it must not be changed silently. */
  readonly capStated: boolean;
}

/** The most that the provider may bill for an attempt whose end is unknown. Integers ≥ 0, none below the settlement's own figures. */
export interface UsageCeiling {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costNanoUsd: number;
  /** More may be billed than this: up to all that is held for the attempt. */
  readonly upToHold: boolean;
}

/** The usage of one attempt, priced. */
export interface Settlement {
  /** Used amounts; the best estimate where `ceiling` is present. */
  readonly usage: Usage;
  readonly costNanoUsd: number;
  readonly priceVersion: string;
  readonly uncertain: boolean;
  /** The end of the attempt is unknown: counters are charged this much, bills `costNanoUsd`. Absent: the usage is final. */
  readonly ceiling?: UsageCeiling | undefined;
}

/** How the transport saw an attempt end. */
export interface CallEnd {
  readonly outcome: AttemptOutcome;
  /** HTTP status of the provider's answer; 0 when there was none. */
  readonly status: number;
  /** The request left this process. `false`: nothing can have been billed. */
  readonly sent: boolean;
  /** The transport expects no further attempt in this HTTP request: charge and close may be sent together. */
  readonly last: boolean;
}

/**
 * One attempt of one call, as core and the transport make it. A call asks one thing of a model; an attempt is one HTTP exchange for it. It
 * passes through three phases, each of which adds fields: {@link DeclaredCall}, {@link AdmittedCall} and {@link SettledCall}. A step states
 * the phase that it reads, and by {@link Writing} the phase that it writes; each field names its one writer.
 */
export interface Call {
  /** core: UUIDv7, the same for all attempts of the call. */
  readonly id: string;
  /** core: 1 for the first. */
  readonly attempt: number;
  /** core: UUIDv7 of this attempt; id of its usage event. */
  readonly attemptId: string;
  /** core: by its clock, ms since the epoch. */
  readonly startedAtMs: number;
  /** the transport. */
  readonly outgoing: OutgoingRequest;
  /** core: set by {@link Call.stop}; the stream ends politely with it. */
  readonly stopped: TollgateError | undefined;
  /** core: aborts when the client has left, the request's deadline has passed, or the call was stopped. */
  readonly signal: AbortSignal;
  /** core: the client has left, and the attempt continues for its usage. */
  readonly draining?: boolean;
  /** core: ends the running attempt; the provider's connection is aborted. The first error stays. */
  stop(error: TollgateError): void;
}

/** A call before it is sent: what is known of its request. Guards read it. */
export interface DeclaredCall extends Call {
  /** meter: the parsed call; absent where the wire format is unknown. */
  readonly parsed?: ParsedCall | undefined;
  /** meter: a keyed hash of the prompt, where the app enables it. */
  readonly promptHash?: string | undefined;
  /** meter: further labels of this call alone, the transport's or those of a recorded call; the request's own win. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** meter: its response is read on the way to the client (`tap`), so its sender is not known. */
  readonly tapped?: boolean | undefined;
  /** cache: an answer to the very same call that its tenant has paid for already. */
  readonly cached?: CachedAnswer | undefined;
  /**
   * cache, where that answer is fresh; budget, where the plan's ladder prefers it: it is given in place of a call. Nothing is sent, held,
   * charged or written down.
   */
  readonly replays?: boolean | undefined;
}

/** A call that was admitted and is under way. */
export interface AdmittedCall extends DeclaredCall {
  /** budget: when the reservation was admitted by the store's clock. Absent: `startedAtMs`. */
  readonly admittedAtMs?: number | undefined;
  /** budget: model or cap were changed on the way, for the response's headers and the ledger. */
  readonly degradedFrom?: string | undefined;
  /** meter: usage as far as it was reported, or seen. */
  readonly usage?: Usage | undefined;
  /** meter: the running cost, never less than the input once sent. */
  readonly running?: Settlement | undefined;
  /**
   * meter: the completeness of the response, from its bytes. `whole`: its last event, or its whole body, was seen, so a connection that
   * ends now is no failure; `failed`: it contains an error, with any status; `cut`: it ended before its last event.
   */
  readonly answer?: 'whole' | 'failed' | 'cut' | undefined;
  /** meter: when the first byte of output was seen, ms since the epoch. */
  readonly firstOutputAtMs?: number | undefined;
}

/** A call that has ended: what it used, and what it was charged. */
export interface SettledCall extends AdmittedCall {
  /**
   * meter: the final word, set at the end, before `budget` charges it. Set at the beginning where the call was made already and is
   * only recorded: it must be charged, whatever is left.
   */
  readonly settlement?: Settlement | undefined;
  /** budget: the settlement's amount on each counter. */
  readonly charges?: readonly EventCharge[] | undefined;
  /** budget: more was reported than held. */
  readonly overrun?: boolean | undefined;
  /** budget: the store delivers the usage event to its own sinks. */
  readonly recorded?: boolean | undefined;
}

/** A phase of a call, for the packages that write its fields. */
export type Writing<Phase extends Call> = { -readonly [Field in keyof Phase]: Phase[Field] };

/** A call parsed by `meter`: its request, its highest cost, and functions that change it on the wire. */
export interface ParsedCall {
  readonly api: WireApi;
  readonly provider: string;
  readonly requestedModel: string;
  readonly stream: boolean;
  /** The client gets the usage in a stream: it asked for it, or the format always has it. */
  readonly withUsage: boolean;
  /** Name of the body's field that states the output cap, for messages. */
  readonly capField: string;
  /** The model that will be dispatched. */
  readonly model: string;
  /** The call's current estimate. */
  readonly estimate: Estimate;
  /** Whether money is involved at all: `false` for models that are declared free. */
  readonly priced: boolean;
  /** The model shows every output token that it bills, as it generates it; `false` where it may reason unseen. */
  readonly visible: boolean;
  /** Estimate of a variant, without changing the call. Throws a TollgateError where the variant cannot be priced. */
  estimateOf(variant: CallVariant): Estimate;
  /** Writes a variant into the outgoing body and the estimate. */
  apply(variant: CallVariant): void;
  /** The outgoing body: serialised once, so that the priced body is the one that is sent. */
  serialise(): string;
  /** The URL as it will be sent, where the model is part of it (Gemini, Azure). */
  readonly url: string;
}
