import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import type { AnswerError, AnswerEvent, AnswerUsage, Finish } from '../answer-event.js';
import type { AnswerReader } from '../answer-reader.js';
import { json } from '../json.js';

const incomplete: Readonly<Record<string, Finish>> = {
  max_output_tokens: 'length',
  content_filter: 'filter',
};

/** Reads answers of OpenAI's responses. */
export class ResponsesAnswerReader implements AnswerReader {
  complete = false;
  #called = false;
  #refused = false;
  /** The item that is being written. */
  #index: number | undefined;
  #args = '';

  whole(body: JsonObject): AnswerEvent[] {
    const items = json.list(body.output).flatMap((one) => this.#item(json.object(one)));
    return [...startOf(body), ...items, ...this.#finish(body), { type: 'end' }];
  }

  event(data: JsonObject): AnswerEvent[] {
    switch (data.type) {
      case 'response.created':
        return startOf(json.object(data.response));
      case 'response.output_item.added':
        return this.#added(json.object(data.item), json.count(data.output_index));
      case 'response.output_item.done':
        return this.#done(json.object(data.item));
      case 'response.output_text.delta':
      case 'response.refusal.delta':
      case 'response.reasoning_text.delta':
      case 'response.reasoning_summary_text.delta':
      case 'response.function_call_arguments.delta':
        if (json.count(data.output_index) !== this.#index)
          throw new Error('Items of the answer came mixed with each other.');
        return this.#delta(String(data.type), json.text(data.delta) ?? '');
      case 'response.reasoning_summary_part.added':
        return (json.count(data.summary_index) ?? 0) > 0 ? [{ type: 'thought', text: '\n\n' }] : [];
      case 'response.completed':
      case 'response.incomplete':
        this.complete = true;
        return [...this.#finish(json.object(data.response), data.tollgate), { type: 'end' }];
      case 'response.failed':
        return [{ type: 'error', error: this.error(json.object(data.response), 500) }];
      case 'error':
        return [{ type: 'error', error: this.error({ error: data }, 500) }];
      default:
        return [];
    }
  }

  over(): AnswerEvent[] {
    return [];
  }

  error(body: JsonObject, status: number): AnswerError {
    const error = json.object(body.error);
    const code = json.text(error.code);
    return {
      message: json.text(error.message) ?? 'The provider refused the request.',
      status: code === 'rate_limit_exceeded' ? 429 : status,
      code,
    };
  }

  #added(item: JsonObject, index: number | undefined): AnswerEvent[] {
    this.#index = index;
    this.#args = '';
    return item.type === 'function_call' ? this.#call(item) : [];
  }

  #call(item: JsonObject): AnswerEvent[] {
    this.#called = true;
    return [{ type: 'call', id: json.text(item.call_id) ?? '', name: json.text(item.name) ?? '' }];
  }

  #delta(type: string, text: string): AnswerEvent[] {
    if (text === '') return [];
    if (type === 'response.function_call_arguments.delta') {
      this.#args += text;
      return [{ type: 'arguments', json: text }];
    }
    if (type === 'response.refusal.delta') this.#refused = true;
    return [{ type: type.startsWith('response.reasoning') ? 'thought' : 'text', text }];
  }

  /** The parts that a stream sends only at the end of an item: its signature, and arguments that arrived in one piece. */
  #done(item: JsonObject): AnswerEvent[] {
    if (item.type === 'reasoning') return signatureOf(item);
    return item.type === 'function_call' && this.#args === '' ? argumentsOf(item) : [];
  }

  #item(item: JsonObject): AnswerEvent[] {
    if (item.type === 'function_call') return [...this.#call(item), ...argumentsOf(item)];
    if (item.type === 'message') {
      return json.list(item.content).flatMap((one): AnswerEvent[] => {
        const { text, refusal } = json.object(one);
        if (json.text(refusal)) this.#refused = true;
        const said = json.text(text) ?? json.text(refusal);
        return said ? [{ type: 'text', text: said }] : [];
      });
    }
    if (item.type !== 'reasoning') return [];
    const texts = [item.summary, item.content].flatMap((list) =>
      json.list(list).flatMap((one) => json.text(json.object(one).text) || []),
    );
    const thought = texts.join('\n\n');
    return [...(thought === '' ? [] : [{ type: 'thought', text: thought } as const]), ...signatureOf(item)];
  }

  #finish(response: JsonObject, tollgate?: JsonValue): AnswerEvent[] {
    const { status } = response;
    if (status === 'failed') throw new Error(this.error(response, 500).message);
    const reason = json.text(json.object(response.incomplete_details).reason);
    const known = reason === undefined ? undefined : incomplete[reason];
    const finish = known ?? (this.#refused ? 'filter' : this.#called ? 'calls' : 'stop');
    return [...usageOf(response.usage), { type: 'finish', reason: finish, tollgate }];
  }
}

function startOf(response: JsonObject): AnswerEvent[] {
  const { id, model, created_at } = response;
  const created = json.count(created_at);
  return [
    {
      type: 'start',
      id: json.text(id) ?? '',
      model: json.text(model) ?? '',
      ...(created !== undefined && { createdSeconds: created }),
    },
  ];
}

function signatureOf(item: JsonObject): AnswerEvent[] {
  const signature = json.text(item.encrypted_content);
  return signature ? [{ type: 'signature', signature, origin: 'openai' }] : [];
}

const argumentsOf = (item: JsonObject): AnswerEvent[] => [
  { type: 'arguments', json: json.text(item.arguments) || '{}' },
];

function usageOf(value: JsonValue | undefined): AnswerEvent[] {
  if (!json.isObject(value)) return [];
  const input = json.object(value.input_tokens_details);
  const usage: AnswerUsage = {
    input: json.count(value.input_tokens) ?? 0,
    cached: json.count(input.cached_tokens) ?? 0,
    cacheWritten: json.count(input.cache_write_tokens) ?? 0,
    output: json.count(value.output_tokens) ?? 0,
    reasoning: json.count(json.object(value.output_tokens_details).reasoning_tokens) ?? 0,
  };
  return [{ type: 'usage', usage }];
}
