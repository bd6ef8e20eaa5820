import type { JsonObject } from '@tollgate/core/internal';
import type { AnswerError, AnswerEvent, AnswerUsage, Finish } from '../answer-event.js';
import type { AnswerWriter } from '../answer-reader.js';
import { markedSignature } from '../foreign-signature.js';
import { json } from '../json.js';
import { TextTemplate } from '../text-template.js';

const reasons: Readonly<Record<Finish, string>> = {
  stop: 'end_turn',
  sequence: 'stop_sequence',
  length: 'max_tokens',
  calls: 'tool_use',
  filter: 'refusal',
};

const noUsage: AnswerUsage = { input: 0, cached: 0, cacheWritten: 0, output: 0, reasoning: 0 };

type OpenBlock = 'text' | 'thinking' | 'tool_use';

/** Writes answers as Anthropic's messages. */
export class AnthropicAnswerWriter implements AnswerWriter {
  #index = -1;
  #open: OpenBlock | undefined;
  #text: TextTemplate | undefined;
  #usage = noUsage;
  #finish: Extract<AnswerEvent, { type: 'finish' }> | undefined;

  whole(events: readonly AnswerEvent[]): JsonObject {
    const content: JsonObject[] = [];
    let head: JsonObject = {};
    let args = '';
    const last = (type: string): JsonObject => {
      const block = content.at(-1);
      if (block?.type === type && block.signature === undefined) return block;
      const opened: JsonObject = type === 'text' ? { type, text: '' } : { type, thinking: '' };
      content.push(opened);
      return opened;
    };
    for (const event of events) {
      if (event.type === 'start')
        head = { id: event.id, type: 'message', role: 'assistant', model: event.model };
      else if (event.type === 'text') {
        const block = last('text');
        block.text = `${block.text}${event.text}`;
      } else if (event.type === 'thought') {
        const block = last('thinking');
        block.thinking = `${block.thinking}${event.text}`;
      } else if (event.type === 'signature') {
        last('thinking').signature = markedSignature('anthropic', event.signature, event.origin);
      } else if (event.type === 'redacted') content.push({ type: 'redacted_thinking', data: event.data });
      else if (event.type === 'call') {
        args = '';
        content.push({ type: 'tool_use', id: event.id, name: event.name, input: {} });
      } else if (event.type === 'arguments') {
        args += event.json;
        const block = content.at(-1);
        if (block) block.input = inputOf(args);
      } else if (event.type === 'usage') this.#usage = event.usage;
      else if (event.type === 'finish') this.#finish = event;
    }
    for (const block of content) if (block.type === 'thinking') block.signature ??= '';
    return { ...head, content, ...this.#stop(), usage: usageOf(this.#usage) };
  }

  event(event: AnswerEvent): string {
    switch (event.type) {
      case 'start':
        return this.#start(event);
      case 'text':
        return this.#opened('text', { type: 'text', text: '' }) + this.#textDelta(event.text);
      case 'thought':
        return this.#think({ type: 'thinking_delta', thinking: event.text });
      case 'signature': {
        const signature = markedSignature('anthropic', event.signature, event.origin);
        return this.#think({ type: 'signature_delta', signature }) + this.#close();
      }
      case 'redacted':
        return (
          this.#close() + this.#block({ type: 'redacted_thinking', data: event.data }) + this.#stopBlock()
        );
      case 'call': {
        const closed = this.#close();
        this.#open = 'tool_use';
        return closed + this.#block({ type: 'tool_use', id: event.id, name: event.name, input: {} });
      }
      case 'arguments':
        return this.#delta({ type: 'input_json_delta', partial_json: event.json });
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'finish':
        this.#finish = event;
        return this.#close();
      case 'error':
        return eventOf(this.error(event.error));
      case 'end':
        return this.#end();
    }
  }

  error({ message, status, code }: AnswerError): JsonObject {
    const error: JsonObject = { type: typeOf(status), message };
    if (code !== undefined) error.code = code;
    return { type: 'error', error };
  }

  #start({ id, model }: Extract<AnswerEvent, { type: 'start' }>): string {
    const message = {
      id,
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
    };
    return eventOf({ type: 'message_start', message: { ...message, usage: usageOf(this.#usage) } });
  }

  /** Usage may arrive after the reason to stop, so both are sent at the very end. */
  #end(): string {
    const delta = this.#stop();
    const tollgate = this.#finish?.tollgate;
    const usage = usageOf(this.#usage);
    const last = { type: 'message_delta', delta, usage, ...(tollgate !== undefined && { tollgate }) };
    return this.#close() + eventOf(last) + eventOf({ type: 'message_stop' });
  }

  #stop(): JsonObject {
    const { reason, sequence } = this.#finish ?? {};
    return { stop_reason: reason ? reasons[reason] : null, stop_sequence: sequence ?? null };
  }

  #think(delta: JsonObject): string {
    return this.#opened('thinking', { type: 'thinking', thinking: '', signature: '' }) + this.#delta(delta);
  }

  #opened(kind: OpenBlock, block: JsonObject): string {
    if (this.#open === kind) return '';
    const closed = this.#close();
    this.#open = kind;
    return closed + this.#block(block);
  }

  #block(content_block: JsonObject): string {
    this.#index += 1;
    this.#text = undefined;
    return eventOf({ type: 'content_block_start', index: this.#index, content_block });
  }

  #textDelta(text: string): string {
    this.#text ??= new TextTemplate(this.#delta({ type: 'text_delta', text: '' }), 'text');
    return this.#text.with(text);
  }

  #delta(delta: JsonObject): string {
    return eventOf({ type: 'content_block_delta', index: this.#index, delta });
  }

  #close(): string {
    if (!this.#open) return '';
    this.#open = undefined;
    return this.#stopBlock();
  }

  #stopBlock(): string {
    return eventOf({ type: 'content_block_stop', index: this.#index });
  }
}

const eventOf = (data: JsonObject): string => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

/** Arguments that an output cap has cut are no JSON; Anthropic then shows none. */
function inputOf(text: string): JsonObject {
  try {
    return json.object(JSON.parse(text));
  } catch {
    return {};
  }
}

/** `error.type` by status (platform.claude.com, "Errors"). */
function typeOf(status: number): string {
  if (status === 429) return 'rate_limit_error';
  if (status === 413) return 'request_too_large';
  if (status === 404) return 'not_found_error';
  if (status === 503 || status === 529) return 'overloaded_error';
  return status >= 500 ? 'api_error' : 'invalid_request_error';
}

function usageOf({ input, cached, cacheWritten, output, reasoning }: AnswerUsage): JsonObject {
  return {
    input_tokens: Math.max(0, input - cached - cacheWritten),
    cache_creation_input_tokens: cacheWritten,
    cache_read_input_tokens: cached,
    output_tokens: output,
    ...(reasoning > 0 && { output_tokens_details: { thinking_tokens: reasoning } }),
  };
}
