import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import type { AnswerError, AnswerEvent, Finish } from '../answer-event.js';
import type { AnswerReader } from '../answer-reader.js';
import { originOf } from '../foreign-signature.js';
import { json } from '../json.js';

const finishes: Readonly<Record<string, Finish>> = {
  end_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  stop_sequence: 'sequence',
  tool_use: 'calls',
  refusal: 'filter',
};

/** Statuses of Anthropic's error types (platform.claude.com, "Errors"). */
const statuses: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  request_too_large: 413,
  rate_limit_error: 429,
  overloaded_error: 503,
  timeout_error: 504,
};

const counts = [
  'input_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'output_tokens',
] as const;

/** Reads answers of Anthropic's messages. */
export class AnthropicAnswerReader implements AnswerReader {
  complete = false;
  /** Of each count the last that was no null. */
  readonly #usage = new Map<string, number>();
  /** The open block is a tool call whose arguments have not arrived yet. */
  #callIsBare = false;

  whole(body: JsonObject): AnswerEvent[] {
    const blocks = json.list(body.content).flatMap((block) => this.#block(json.object(block), true));
    return [...this.#start(body), ...blocks, ...this.#finish(body), { type: 'end' }];
  }

  event(data: JsonObject): AnswerEvent[] {
    switch (data.type) {
      case 'message_start':
        return this.#start(json.object(data.message));
      case 'content_block_start':
        return this.#block(json.object(data.content_block), false);
      case 'content_block_delta':
        return this.#delta(json.object(data.delta));
      case 'content_block_stop':
        return this.#blockStop();
      case 'message_delta':
        return [
          ...this.#used(data.usage),
          ...this.#finish({ ...json.object(data.delta), tollgate: data.tollgate ?? null }),
        ];
      case 'message_stop':
        this.complete = true;
        return [{ type: 'end' }];
      case 'error':
        return [{ type: 'error', error: this.error(data, 500) }];
      default:
        return [];
    }
  }

  over(): AnswerEvent[] {
    return [];
  }

  error(body: JsonObject, status: number): AnswerError {
    const error = json.object(body.error);
    const type = json.text(error.type) ?? '';
    return {
      message: json.text(error.message) ?? 'The provider refused the request.',
      status: status < 500 ? status : (statuses[type] ?? status),
      code: json.text(error.code),
    };
  }

  #start(message: JsonObject): AnswerEvent[] {
    const { id, model } = message;
    return [
      { type: 'start', id: json.text(id) ?? '', model: json.text(model) ?? '' },
      ...this.#used(message.usage),
    ];
  }

  #block(block: JsonObject, whole: boolean): AnswerEvent[] {
    switch (block.type) {
      case 'text':
        return json.text(block.text) ? [{ type: 'text', text: json.text(block.text) ?? '' }] : [];
      case 'thinking':
        return [
          ...this.#delta({ type: 'thinking_delta', thinking: block.thinking ?? null }),
          ...this.#delta({ type: 'signature_delta', signature: block.signature ?? null }),
        ];
      case 'redacted_thinking':
        return [{ type: 'redacted', data: json.text(block.data) ?? '' }];
      case 'tool_use': {
        const call = {
          type: 'call',
          id: json.text(block.id) ?? '',
          name: json.text(block.name) ?? '',
        } as const;
        if (whole) return [call, { type: 'arguments', json: JSON.stringify(json.object(block.input)) }];
        this.#callIsBare = true;
        return [call];
      }
      default:
        return [];
    }
  }

  #delta(delta: JsonObject): AnswerEvent[] {
    const text = json.text(delta.text);
    if (delta.type === 'text_delta') return text ? [{ type: 'text', text }] : [];
    if (delta.type === 'thinking_delta') {
      const thought = json.text(delta.thinking);
      return thought ? [{ type: 'thought', text: thought }] : [];
    }
    if (delta.type === 'signature_delta') {
      const { origin, signature } = originOf('anthropic', json.text(delta.signature));
      return signature === undefined ? [] : [{ type: 'signature', signature, origin }];
    }
    const piece = json.text(delta.partial_json);
    if (delta.type !== 'input_json_delta' || !piece) return [];
    this.#callIsBare = false;
    return [{ type: 'arguments', json: piece }];
  }

  /** A call without arguments has no JSON at all in a stream. */
  #blockStop(): AnswerEvent[] {
    if (!this.#callIsBare) return [];
    this.#callIsBare = false;
    return [{ type: 'arguments', json: '{}' }];
  }

  #finish({ stop_reason, stop_sequence, tollgate }: JsonObject): AnswerEvent[] {
    const reason = json.text(stop_reason);
    if (reason === undefined) return [];
    return [
      {
        type: 'finish',
        reason: finishes[reason] ?? 'stop',
        sequence: json.text(stop_sequence),
        tollgate: tollgate ?? undefined,
      },
    ];
  }

  #used(value: JsonValue | undefined): AnswerEvent[] {
    if (!json.isObject(value)) return [];
    for (const name of counts) {
      const count = json.count(value[name]);
      if (count !== undefined) this.#usage.set(name, count);
    }
    const thinking = json.count(json.object(value.output_tokens_details).thinking_tokens);
    if (thinking !== undefined) this.#usage.set('thinking', thinking);
    const of = (name: string): number => this.#usage.get(name) ?? 0;
    const cached = of('cache_read_input_tokens');
    const cacheWritten = of('cache_creation_input_tokens');
    return [
      {
        type: 'usage',
        usage: {
          input: of('input_tokens') + cached + cacheWritten,
          cached,
          cacheWritten,
          output: of('output_tokens'),
          reasoning: of('thinking'),
        },
      },
    ];
  }
}
