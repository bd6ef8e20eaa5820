import type { JsonValue } from '@tollgate/core/internal';
import type { Origin } from './neutral-request.js';

/** The usage figures common to all formats. Whole numbers. */
export interface AnswerUsage {
  /** All input, cached and cache-written included. */
  readonly input: number;
  readonly cached: number;
  readonly cacheWritten: number;
  /** All output, reasoning included. */
  readonly output: number;
  readonly reasoning: number;
}

/** Why an answer ended. `sequence`: at one of the client's own stop sequences. */
export type Finish = 'stop' | 'length' | 'calls' | 'filter' | 'sequence';

/** One step of an answer, streamed or not, in no provider's format. */
export type AnswerEvent =
  | { readonly type: 'start'; readonly id: string; readonly model: string; readonly createdSeconds?: number }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thought'; readonly text: string }
  /** The signature of the thoughts before it, and of the next part. */
  | { readonly type: 'signature'; readonly signature: string; readonly origin: Origin }
  | { readonly type: 'redacted'; readonly data: string }
  /** A call of a tool begins. */
  | { readonly type: 'call'; readonly id: string; readonly name: string }
  /** A piece of the arguments of the call that began last, as JSON text. */
  | { readonly type: 'arguments'; readonly json: string }
  /** All that is known by now; the last one counts. */
  | { readonly type: 'usage'; readonly usage: AnswerUsage }
  | {
      readonly type: 'finish';
      readonly reason: Finish;
      readonly sequence?: string | undefined;
      /** Tollgate's own fields beside the format's. */
      readonly tollgate?: JsonValue | undefined;
    }
  | { readonly type: 'error'; readonly error: AnswerError }
  /** Nothing follows. */
  | { readonly type: 'end' };

/** An error as the provider, or the end of a stopped stream, states it. */
export interface AnswerError {
  readonly message: string;
  /** The corresponding HTTP status. */
  readonly status: number;
  readonly code?: string | undefined;
}
