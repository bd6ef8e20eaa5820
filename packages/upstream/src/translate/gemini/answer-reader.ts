import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import type { AnswerError, AnswerEvent, AnswerUsage, Finish } from '../answer-event.js';
import type { AnswerReader } from '../answer-reader.js';
import { json } from '../json.js';

/** Reasons that end an answer as they should, or at its cap. */
const finishes: Readonly<Record<string, Finish>> = { STOP: 'stop', MAX_TOKENS: 'length' };

/** Reasons that are the model's failure, not a filter's decision. */
const failures: readonly string[] = [
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'OTHER',
];

/** Reads answers of Gemini's generateContent. A chunk of a stream has the shape of a whole answer. */
export class GeminiAnswerReader implements AnswerReader {
  complete = false;
  #started = false;
  #id = '';
  #calls = 0;
  #ended = false;

  whole(body: JsonObject): AnswerEvent[] {
    const events = this.event(body);
    const failure = events.find((event) => event.type === 'error');
    if (failure) throw new Error(failure.error.message);
    return [...events, { type: 'end' }];
  }

  event(data: JsonObject): AnswerEvent[] {
    if (json.isObject(data.error)) return [{ type: 'error', error: this.error(data, 500) }];
    const candidate = json.object(json.list(data.candidates)[0]);
    const parts = json.list(json.object(candidate.content).parts);
    return [
      ...this.#start(data),
      ...parts.flatMap((part) => this.#part(json.object(part))),
      ...usageOf(data.usageMetadata),
      ...this.#finish(candidate, data),
    ];
  }

  over(): AnswerEvent[] {
    if (!this.complete || this.#ended) return [];
    this.#ended = true;
    return [{ type: 'end' }];
  }

  error(body: JsonObject, status: number): AnswerError {
    const error = json.object(body.error);
    const code = json.object(
      json.list(error.details).find((detail) => json.object(detail).reason !== undefined),
    ).reason;
    const own = json.count(error.code);
    return {
      message: json.text(error.message) ?? 'The provider refused the request.',
      status: status < 500 || own === undefined || own < 400 ? status : own,
      code: json.text(code),
    };
  }

  #start(data: JsonObject): AnswerEvent[] {
    if (this.#started) return [];
    this.#started = true;
    this.#id = json.text(data.responseId) ?? '';
    return [{ type: 'start', id: this.#id, model: json.text(data.modelVersion) ?? '' }];
  }

  #part(part: JsonObject): AnswerEvent[] {
    const events: AnswerEvent[] = [];
    const signature = json.text(part.thoughtSignature);
    if (signature) events.push({ type: 'signature', signature, origin: 'gemini' });
    const text = json.text(part.text);
    if (text) events.push({ type: part.thought === true ? 'thought' : 'text', text });
    if (json.isObject(part.functionCall)) events.push(...this.#call(part.functionCall));
    return events;
  }

  /** Gemini's own API gives calls no ids; those that are made here are unique through the id of the answer. */
  #call(call: JsonObject): AnswerEvent[] {
    const made = `call_${this.#id.replace(/[^\w-]/g, '')}_${this.#calls}`;
    this.#calls += 1;
    return [
      { type: 'call', id: json.text(call.id) ?? made, name: json.text(call.name) ?? '' },
      { type: 'arguments', json: JSON.stringify(json.object(call.args)) },
    ];
  }

  #finish(candidate: JsonObject, data: JsonObject): AnswerEvent[] {
    const blocked = json.text(json.object(data.promptFeedback).blockReason);
    const reason = json.text(candidate.finishReason) ?? blocked;
    if (reason === undefined || this.complete) return [];
    this.complete = true;
    if (failures.includes(reason)) {
      return [{ type: 'error', error: { message: `The model failed: ${reason}.`, status: 502 } }];
    }
    const known = finishes[reason] ?? 'filter';
    const finish = known === 'stop' && this.#calls > 0 ? 'calls' : known;
    return [{ type: 'finish', reason: finish, tollgate: data.tollgate }];
  }
}

function usageOf(value: JsonValue | undefined): AnswerEvent[] {
  if (!json.isObject(value)) return [];
  const of = (name: string): number => json.count(value[name]) ?? 0;
  const reasoning = of('thoughtsTokenCount');
  const usage: AnswerUsage = {
    input: of('promptTokenCount') + of('toolUsePromptTokenCount'),
    cached: of('cachedContentTokenCount'),
    cacheWritten: 0,
    output: of('candidatesTokenCount') + reasoning,
    reasoning,
  };
  return [{ type: 'usage', usage }];
}
