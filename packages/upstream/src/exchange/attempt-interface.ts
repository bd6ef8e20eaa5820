import type { TollgateError } from '@tollgate/core';
import type { AttemptOutcome, CallHandle } from '@tollgate/core/internal';
import type { Dispatcher } from 'undici';
import type { Timeouts } from '../provider/timeouts.js';
import type { BodyKind } from './classify-response.js';

/** The destination and content of an attempt. Everything in it comes from code, except the body and the headers allowed by `passHeaders`. */
export interface AttemptTarget {
  readonly dispatcher: Dispatcher;
  readonly origin: string;
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

/** The part of a call's handle that an attempt uses. `end` stays with the caller, which decides whether another attempt follows. */
export type AttemptHooks = Pick<CallHandle, 'onStop' | 'onResponse' | 'onChunk' | 'onEnd'> & {
  /** Why the call was stopped, if it was. */
  stopped(): TollgateError | undefined;
};

/** Destination of a response. */
export interface AnswerWriter {
  /** Something has reached the client. */
  readonly begun: boolean;
  /** The client has left. */
  readonly gone: boolean;
  /** The last bytes that reached the client. */
  readonly last: Uint8Array | undefined;
  begin(status: number, headers: Readonly<Record<string, string>>, kind: BodyKind | 'parts'): void;
  /** `false`: more only after {@link onDrain}. */
  write(bytes: Uint8Array): boolean;
  /** Whether a JSON answer, complete with these bytes, cannot be JSON: it was cut off without a word. */
  isCutShort(tail: Uint8Array): boolean;
  onDrain(listener: () => void): void;
  onGone(listener: () => void): void;
}

/** How an attempt is made. */
export interface AttemptRules {
  readonly timeouts: Required<Timeouts>;
  /** The provider continues after the client has left, until the call is stopped. */
  readonly drains: boolean;
  /** Bytes of an answer, decompressed. */
  readonly maxResponseBytes: number;
  /** Whether these bytes, the last that the client got, complete the answer. */
  readonly isComplete: (last: Uint8Array | undefined) => boolean;
  /** Whether a stream that ended properly was broken off by its own account: its last event is missing. */
  readonly isBrokenOff: () => boolean;
  /** A stream that does not consist of events: written as it arrives. */
  readonly inParts: boolean;
  /** Monotonic clock, in milliseconds. */
  readonly nowMs: () => number;
}

/** How an attempt ended. Nothing has been answered yet where `error` is set and the writer has not begun: another may follow. */
export interface AttemptResult {
  readonly outcome: AttemptOutcome;
  /** The provider's status; 0 when there was none. */
  readonly status: number;
  /** The request was on its way. */
  readonly sent: boolean;
  /** The error for the client; absent where the provider's own response has passed. */
  readonly error: TollgateError | undefined;
  /** The call was stopped, not the provider at fault. */
  readonly stopped: boolean;
  /** Bytes that end the response: held bytes, or the graceful end of a stopped stream. */
  readonly tail: Uint8Array;
  /** The provider refuses the app's own key, or its credit. */
  readonly credentialRefused: boolean;
  /** The wait that the provider requests, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** The provider states that a retry is useless. */
  readonly retryUseless: boolean;
  /** Until the head of the answer, in milliseconds from the start of the attempt. */
  readonly firstByteMs: number | undefined;
  readonly latencyMs: number;
  /** Bytes of the answer, as received. */
  readonly receivedBytes: number;
}
