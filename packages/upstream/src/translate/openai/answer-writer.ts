import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import type { AnswerError, AnswerEvent, AnswerUsage, Finish } from '../answer-event.js';
import type { AnswerWriter } from '../answer-reader.js';
import type { Origin } from '../neutral-request.js';
import { TextTemplate } from '../text-template.js';
import { errorBody } from './error-body.js';

const reasons: Readonly<Record<Finish, string>> = {
  stop: 'stop',
  sequence: 'stop',
  length: 'length',
  calls: 'tool_calls',
  filter: 'content_filter',
};

/** As OpenRouter names the makers of `reasoning_details`. */
const formats: Readonly<Record<Origin, string>> = {
  anthropic: 'anthropic-claude-v1',
  gemini: 'google-gemini-v1',
  openai: 'openai-responses-v1',
};

/** Writes answers as OpenAI's chat completions. */
export class OpenAiAnswerWriter implements AnswerWriter {
  #head: { id: string; object: string; created: number; model: string } | undefined;
  #calls = 0;
  #text: TextTemplate | undefined;
  #usage: AnswerUsage | undefined;

  constructor(
    private readonly withUsage: boolean,
    private readonly nowMs: () => number,
  ) {}

  whole(events: readonly AnswerEvent[]): JsonObject {
    const texts: string[] = [];
    const thoughts: string[] = [];
    const details: JsonObject[] = [];
    const calls: { id: string; type: 'function'; function: { name: string; arguments: string } }[] = [];
    let thinking = '';
    let finish: string | null = null;
    for (const event of events) {
      if (event.type === 'start') this.#start(event, 'chat.completion');
      else if (event.type === 'text') texts.push(event.text);
      else if (event.type === 'thought') {
        thoughts.push(event.text);
        thinking += event.text;
      } else if (event.type === 'signature' || event.type === 'redacted') {
        details.push(detailOf(event, details.length, thinking));
        thinking = '';
      } else if (event.type === 'call') {
        calls.push({ id: event.id, type: 'function', function: { name: event.name, arguments: '' } });
      } else if (event.type === 'arguments') {
        const call = calls.at(-1);
        if (call) call.function.arguments += event.json;
      } else if (event.type === 'usage') this.#usage = event.usage;
      else if (event.type === 'finish') finish = reasons[event.reason];
    }
    const text = texts.join('');
    const message: JsonObject = {
      role: 'assistant',
      content: text === '' && calls.length > 0 ? null : text,
      refusal: null,
    };
    if (thoughts.length > 0) message.reasoning_content = thoughts.join('');
    if (details.length > 0) message.reasoning_details = details;
    if (calls.length > 0) message.tool_calls = calls;
    const choice = { index: 0, message, logprobs: null, finish_reason: finish };
    return this.#headed([choice], this.#usage && usageOf(this.#usage));
  }

  event(event: AnswerEvent): string {
    switch (event.type) {
      case 'start':
        this.#start(event, 'chat.completion.chunk');
        return this.#chunk({ role: 'assistant', content: '', refusal: null });
      case 'text':
        this.#text ??= new TextTemplate(this.#chunk({ content: '' }), 'content');
        return this.#text.with(event.text);
      case 'thought':
        return this.#chunk({ reasoning_content: event.text });
      case 'signature':
      case 'redacted':
        return this.#chunk({ reasoning_details: [detailOf(event, 0, '')] });
      case 'call': {
        const called = { name: event.name, arguments: '' };
        this.#calls += 1;
        return this.#chunk({
          tool_calls: [{ index: this.#calls - 1, id: event.id, type: 'function', function: called }],
        });
      }
      case 'arguments':
        return this.#chunk({ tool_calls: [{ index: this.#calls - 1, function: { arguments: event.json } }] });
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'finish':
        return this.#chunk({}, reasons[event.reason], event.tollgate);
      case 'error':
        return eventOf(this.error(event.error));
      case 'end':
        return `${this.#usageChunk()}data: [DONE]\n\n`;
    }
  }

  error(error: AnswerError): JsonObject {
    return errorBody(error);
  }

  #start({ id, model, createdSeconds }: Extract<AnswerEvent, { type: 'start' }>, object: string): void {
    this.#text = undefined;
    this.#head = { id, object, created: createdSeconds ?? Math.floor(this.nowMs() / 1000), model };
  }

  #chunk(delta: JsonObject, finish: string | null = null, tollgate?: JsonValue): string {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
    const chunk = this.#headed(choices, this.withUsage ? null : undefined);
    if (tollgate !== undefined) chunk.tollgate = tollgate;
    return eventOf(chunk);
  }

  /** Written out: adding fields to a spread object costs a microsecond each. */
  #headed(choices: JsonObject[], usage: JsonObject | null | undefined): JsonObject {
    const head = this.#head;
    const made: JsonObject = head
      ? { id: head.id, object: head.object, created: head.created, model: head.model, choices }
      : { choices };
    if (usage !== undefined) made.usage = usage;
    return made;
  }

  #usageChunk(): string {
    if (!this.withUsage || !this.#usage) return '';
    return eventOf(this.#headed([], usageOf(this.#usage)));
  }
}

const eventOf = (data: JsonObject): string => `data: ${JSON.stringify(data)}\n\n`;

function detailOf(
  event: Extract<AnswerEvent, { type: 'signature' | 'redacted' }>,
  index: number,
  text: string,
): JsonObject {
  if (event.type === 'redacted') {
    return { type: 'reasoning.encrypted', data: event.data, format: formats.anthropic, index };
  }
  return { type: 'reasoning.text', text, signature: event.signature, format: formats[event.origin], index };
}

function usageOf(usage: AnswerUsage): JsonObject {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: {
      cached_tokens: usage.cached,
      cache_write_tokens: usage.cacheWritten,
      audio_tokens: 0,
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoning, audio_tokens: 0 },
  };
}
