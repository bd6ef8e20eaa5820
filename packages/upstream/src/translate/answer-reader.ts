import type { JsonObject } from '@tollgate/core/internal';
import type { AnswerError, AnswerEvent } from './answer-event.js';

/** Reads the responses of one provider's format. One for each response: it keeps state. */
export interface AnswerReader {
  /** The provider's response is complete; a connection that breaks after it is no failure. */
  readonly complete: boolean;
  /** An answer in one piece. */
  whole(body: JsonObject): AnswerEvent[];
  /** The data of one event of a stream. */
  event(data: JsonObject): AnswerEvent[];
  /** The bytes of a stream have ended, or it sent `[DONE]`. */
  over(said: 'done' | 'closed'): AnswerEvent[];
  /** The body of an answer that is an error. */
  error(body: JsonObject, status: number): AnswerError;
}

/** Writes answers in the client's format. One for each answer. */
export interface AnswerWriter {
  /** An answer in one piece. */
  whole(events: readonly AnswerEvent[]): JsonObject;
  /** The translation of a stream's event, as text; possibly empty. */
  event(event: AnswerEvent): string;
  error(error: AnswerError): JsonObject;
}
