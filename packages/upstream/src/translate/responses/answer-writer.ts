import type { JsonObject } from '@tollgate/core/internal';
import type { AnswerError, AnswerEvent, AnswerUsage } from '../answer-event.js';
import type { AnswerWriter } from '../answer-reader.js';
import { markedRedacted, markedSignature } from '../foreign-signature.js';
import { errorBody } from '../openai/error-body.js';
import { OutputItems } from './output-items.js';

/** Writes answers as OpenAI's responses. */
export class ResponsesAnswerWriter implements AnswerWriter {
  readonly #items = new OutputItems((type, fields) => this.#emit(type, fields));
  #id = '';
  #head: JsonObject = {};
  #usage: AnswerUsage | undefined;
  #finish: Extract<AnswerEvent, { type: 'finish' }> | undefined;
  /** Events as text; `undefined`: the response is sent in one piece. */
  #texts: string[] | undefined = [];
  #sequence = 0;

  /** @param asked The client's request, whose settings a response repeats. */
  constructor(
    private readonly asked: JsonObject,
    private readonly nowMs: () => number,
  ) {}

  whole(events: readonly AnswerEvent[]): JsonObject {
    this.#texts = undefined;
    for (const event of events) this.#take(event);
    return this.#ended();
  }

  event(event: AnswerEvent): string {
    this.#texts = [];
    this.#take(event);
    return this.#texts.join('');
  }

  error(error: AnswerError): JsonObject {
    return errorBody(error);
  }

  #take(event: AnswerEvent): void {
    switch (event.type) {
      case 'start':
        this.#start(event);
        break;
      case 'text':
        this.#items.say('message', this.#id, event.text);
        break;
      case 'thought':
        this.#items.say('reasoning', this.#id, event.text);
        break;
      case 'signature':
        this.#items.sign(this.#id, markedSignature('openai', event.signature, event.origin));
        break;
      case 'redacted':
        this.#items.close();
        this.#items.sign(this.#id, markedRedacted(event.data));
        break;
      case 'call':
        this.#items.call(this.#id, event);
        break;
      case 'arguments':
        this.#items.arguments(event.json);
        break;
      case 'usage':
        this.#usage = event.usage;
        break;
      case 'finish':
        this.#finish = event;
        this.#items.close(event.reason === 'length');
        break;
      case 'error':
        this.#emit('response.failed', { response: this.#failed(event.error) });
        break;
      case 'end':
        this.#end();
    }
  }

  #start({ id, model, createdSeconds }: Extract<AnswerEvent, { type: 'start' }>): void {
    this.#id = id.replace(/^resp_/, '');
    const created = createdSeconds ?? Math.floor(this.nowMs() / 1000);
    this.#head = { ...headOf(this.asked), id: `resp_${this.#id}`, created_at: created, model };
    const response = this.#response('in_progress', {});
    this.#emit('response.created', { response });
    this.#emit('response.in_progress', { response });
  }

  #end(): void {
    const response = this.#ended();
    const tollgate = this.#finish?.tollgate;
    this.#emit(`response.${response.status}`, { response, ...(tollgate !== undefined && { tollgate }) });
  }

  #ended(): JsonObject {
    this.#items.close();
    const reason = this.#finish?.reason;
    if (reason !== 'length' && reason !== 'filter') return this.#response('completed', {});
    const why = reason === 'length' ? 'max_output_tokens' : 'content_filter';
    return this.#response('incomplete', { incomplete_details: { reason: why } });
  }

  #failed({ message, status, code }: AnswerError): JsonObject {
    const error = { code: code ?? (status === 429 ? 'rate_limit_exceeded' : 'server_error'), message };
    return this.#response('failed', { error });
  }

  #response(status: string, more: JsonObject): JsonObject {
    const usage = this.#usage && usageOf(this.#usage);
    return { ...this.#head, status, output: this.#items.done, usage: usage ?? null, ...more };
  }

  #emit(type: string, fields: JsonObject): void {
    this.#texts?.push(
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: this.#sequence, ...fields })}\n\n`,
    );
    this.#sequence += 1;
  }
}

/** The request's fields that a response repeats; none of them are stored. */
const headOf = (asked: JsonObject): JsonObject => ({
  object: 'response',
  background: false,
  error: null,
  incomplete_details: null,
  instructions: asked.instructions ?? null,
  max_output_tokens: asked.max_output_tokens ?? null,
  metadata: {},
  parallel_tool_calls: asked.parallel_tool_calls ?? true,
  previous_response_id: null,
  reasoning: asked.reasoning ?? { effort: null, summary: null },
  store: false,
  temperature: asked.temperature ?? null,
  text: asked.text ?? { format: { type: 'text' } },
  tool_choice: asked.tool_choice ?? 'auto',
  tools: asked.tools ?? [],
  top_p: asked.top_p ?? null,
  truncation: 'disabled',
});

function usageOf({ input, cached, cacheWritten, output, reasoning }: AnswerUsage): JsonObject {
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached, cache_write_tokens: cacheWritten },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}
