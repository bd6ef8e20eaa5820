import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import type { AnswerError, AnswerEvent, AnswerUsage, Finish } from '../answer-event.js';
import type { AnswerReader } from '../answer-reader.js';
import { json } from '../json.js';

const finishes: Readonly<Record<string, Finish>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'calls',
  function_call: 'calls',
  content_filter: 'filter',
};

/** Reads answers of OpenAI's chat completions. */
export class OpenAiAnswerReader implements AnswerReader {
  complete = false;
  #started = false;
  #refused = false;
  #call = -1;

  whole(body: JsonObject): AnswerEvent[] {
    const choice = json.object(json.list(body.choices)[0]);
    return [
      ...this.#start(body),
      ...this.#delta(json.object(choice.message)),
      ...this.#rest(body, choice),
      { type: 'end' },
    ];
  }

  event(data: JsonObject): AnswerEvent[] {
    if (json.isObject(data.error)) return [{ type: 'error', error: this.error(data, 500) }];
    const [first] = json.list(data.choices);
    // Azure begins with a chunk that has neither choices nor an id.
    if (first === undefined) return this.#rest(data, {});
    const choice = json.object(first);
    return [...this.#start(data), ...this.#delta(json.object(choice.delta)), ...this.#rest(data, choice)];
  }

  over(said: 'done' | 'closed'): AnswerEvent[] {
    if (said === 'closed' || this.complete) return [];
    this.complete = true;
    return [{ type: 'end' }];
  }

  error(body: JsonObject, status: number): AnswerError {
    const error = json.object(body.error);
    return {
      message: json.text(error.message) ?? 'The provider refused the request.',
      status,
      code: json.text(error.code),
    };
  }

  #start(data: JsonObject): AnswerEvent[] {
    if (this.#started) return [];
    this.#started = true;
    const created = json.count(data.created);
    return [
      {
        type: 'start',
        id: json.text(data.id) ?? '',
        model: json.text(data.model) ?? '',
        ...(created !== undefined && { createdSeconds: created }),
      },
    ];
  }

  /** A delta of a stream, or a whole message. */
  #delta(delta: JsonObject): AnswerEvent[] {
    const events: AnswerEvent[] = [];
    const thought = json.text(delta.reasoning_content) ?? json.text(delta.reasoning);
    if (thought) events.push({ type: 'thought', text: thought });
    const text = json.text(delta.content);
    if (text) events.push({ type: 'text', text });
    const refusal = json.text(delta.refusal);
    if (refusal) {
      this.#refused = true;
      events.push({ type: 'text', text: refusal });
    }
    for (const [position, call] of json.list(delta.tool_calls).entries()) {
      events.push(...this.#callOf(json.object(call), position));
    }
    return events;
  }

  #callOf(call: JsonObject, position: number): AnswerEvent[] {
    const events: AnswerEvent[] = [];
    const index = json.count(call.index) ?? position;
    const called = json.object(call.function);
    if (index > this.#call) {
      this.#call = index;
      events.push({
        type: 'call',
        id: json.text(call.id) ?? `call_${index}`,
        name: json.text(called.name) ?? '',
      });
    } else if (index < this.#call) throw new Error('Calls of tools came mixed with each other.');
    const text = json.text(called.arguments);
    if (text) events.push({ type: 'arguments', json: text });
    return events;
  }

  #rest(data: JsonObject, choice: JsonObject): AnswerEvent[] {
    const events: AnswerEvent[] = [];
    const reason = json.text(choice.finish_reason);
    if (reason !== undefined) {
      const finish = this.#refused ? 'filter' : (finishes[reason] ?? 'stop');
      events.push({ type: 'finish', reason: finish, tollgate: data.tollgate });
    }
    const usage = usageOf(data.usage);
    if (usage) events.push({ type: 'usage', usage });
    return events;
  }
}

function usageOf(value: JsonValue | undefined): AnswerUsage | undefined {
  if (!json.isObject(value)) return undefined;
  const input = json.object(value.prompt_tokens_details);
  return {
    input: json.count(value.prompt_tokens) ?? 0,
    cached: json.count(input.cached_tokens) ?? 0,
    cacheWritten: json.count(input.cache_write_tokens) ?? 0,
    output: json.count(value.completion_tokens) ?? 0,
    reasoning: json.count(json.object(value.completion_tokens_details).reasoning_tokens) ?? 0,
  };
}
