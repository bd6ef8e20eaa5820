import type { Answer, Asked, Invalid } from './answer.js';
import type { Json, JsonObject } from './json.js';
import type { Script } from './script.js';
import type { StreamEvent } from './stream-event.js';

/** The facts of a request in its URL and size, beside its body. */
export interface RequestFacts {
  bodyBytes: number;
  /** Model or deployment in the path, where the API puts it there. */
  pathModel?: string;
  /** Whether the path itself requests a stream. */
  pathStream?: boolean;
}

/** An answer in one piece. */
export interface JsonAnswer {
  json: JsonObject;
  /** The usage in it, as on the wire. */
  usage: Json | undefined;
}

/** One API: how its requests are read and its answers written. */
export interface WireFormat {
  read(body: JsonObject, facts: RequestFacts): Asked | Invalid;
  json(answer: Answer): JsonAnswer;
  events(answer: Answer, script: Script): StreamEvent[];
}
