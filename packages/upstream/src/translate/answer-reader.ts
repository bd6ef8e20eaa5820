import type { JsonObject } from '@tollgate/core/internal';
import type { AnswerError, AnswerEvent } from './answer-event.js';

/** Reads the answers of one provider's format. One for each answer: it remembers what has passed. */
export interface AnswerReader {
  /** The provider has said its last word; what happens to the connection is no fault. */
  readonly complete: boolean;
  /** An answer in one piece. */
  whole(body: JsonObject): AnswerEvent[];
  /** The data of one event of a stream. */
  event(data: JsonObject): AnswerEvent[];
  /** The bytes of a stream are over, or it said `[DONE]`. */
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
