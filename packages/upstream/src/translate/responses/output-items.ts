import type { JsonObject } from '@tollgate/core/internal';

/** The format of an item that consists of text: the names of its events, and its one part. */
interface TextShape {
  readonly prefix: string;
  readonly opened: JsonObject;
  readonly part: string;
  readonly text: string;
  /** Beside the place, in every event of its text. */
  readonly at: JsonObject;
  readonly more: JsonObject;
  partOf(text: string): JsonObject;
  /** Where the item holds its part. */
  readonly list: 'content' | 'summary';
}

const shapes: Readonly<Record<'message' | 'reasoning', TextShape>> = {
  message: {
    prefix: 'msg',
    opened: { type: 'message', status: 'in_progress', role: 'assistant', content: [] },
    part: 'response.content_part',
    text: 'response.output_text',
    at: { content_index: 0 },
    more: { logprobs: [] },
    partOf: (text) => ({ type: 'output_text', text, annotations: [], logprobs: [] }),
    list: 'content',
  },
  reasoning: {
    prefix: 'rs',
    opened: { type: 'reasoning', summary: [] },
    part: 'response.reasoning_summary_part',
    text: 'response.reasoning_summary_text',
    at: { summary_index: 0 },
    more: {},
    partOf: (text) => ({ type: 'summary_text', text }),
    list: 'summary',
  },
};

interface OpenItem {
  readonly kind: 'message' | 'reasoning' | 'function_call';
  readonly item: JsonObject;
  readonly place: { readonly item_id: string; readonly output_index: number };
  text: string;
}

/** The items of a response, one after the other, and their events. */
export class OutputItems {
  /** Those that are complete. */
  readonly done: JsonObject[] = [];
  #open: OpenItem | undefined;

  /** @param emit Takes an event by its type. */
  constructor(private readonly emit: (type: string, fields: JsonObject) => void) {}

  /** A piece of a text, or of a thought. */
  say(kind: 'message' | 'reasoning', id: string, delta: string): void {
    const { partOf, part, text, at, more } = shapes[kind];
    const open = this.#of(kind, id);
    if (open.text === '') this.emit(`${part}.added`, { ...open.place, ...at, part: partOf('') });
    open.text += delta;
    this.emit(`${text}.delta`, { ...open.place, ...at, ...more, delta });
  }

  /** Ends a thought, or begins and ends an encrypted one. */
  sign(id: string, signature: string): void {
    this.#of('reasoning', id).item.encrypted_content = signature;
    this.close();
  }

  call(id: string, call: { readonly id: string; readonly name: string }): void {
    this.close();
    const opened = { type: 'function_call', status: 'in_progress', call_id: call.id, name: call.name };
    this.#begin('function_call', `fc_${id}_${this.done.length}`, { ...opened, arguments: '' });
  }

  arguments(delta: string): void {
    const open = this.#open;
    if (open?.kind !== 'function_call') return;
    open.text += delta;
    this.emit('response.function_call_arguments.delta', { ...open.place, delta });
  }

  /** @param cut The answer ends here, at its cap. */
  close(cut = false): void {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    const { kind, item, place, text } = open;
    if (kind === 'function_call') {
      const { name = '' } = item;
      item.arguments = text;
      this.emit('response.function_call_arguments.done', { ...place, name, arguments: text });
    } else if (text !== '') {
      const shape = shapes[kind];
      const part = shape.partOf(text);
      item[shape.list] = [part];
      this.emit(`${shape.text}.done`, { ...place, ...shape.at, ...shape.more, text });
      this.emit(`${shape.part}.done`, { ...place, ...shape.at, part });
    }
    if (kind !== 'reasoning') item.status = cut ? 'incomplete' : 'completed';
    this.done.push(item);
    this.emit('response.output_item.done', { output_index: place.output_index, item });
  }

  #of(kind: 'message' | 'reasoning', id: string): OpenItem {
    if (this.#open?.kind === kind) return this.#open;
    this.close();
    const { prefix, opened } = shapes[kind];
    return this.#begin(kind, `${prefix}_${id}_${this.done.length}`, opened);
  }

  #begin(kind: OpenItem['kind'], item_id: string, opened: JsonObject): OpenItem {
    const output_index = this.done.length;
    const item = { id: item_id, ...opened };
    this.#open = { kind, item, place: { item_id, output_index }, text: '' };
    this.emit('response.output_item.added', { output_index, item: { ...item } });
    return this.#open;
  }
}
