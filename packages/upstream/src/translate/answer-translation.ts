import { StringDecoder } from 'node:string_decoder';
import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import { createParser, type EventSourceParser } from 'eventsource-parser';
import type { AnswerEvent } from './answer-event.js';
import type { AnswerReader, AnswerWriter } from './answer-reader.js';
import { json } from './json.js';

const nothing = new Uint8Array(0);
/** Longest event of a stream, in characters. */
const maxEventLength = 4 * 1024 * 1024;
/** Longest answer in one piece, in bytes: it is translated as a whole. */
const maxWholeBytes = 32 * 1024 * 1024;

/** Translates one response as it arrives, with any division into chunks. Throws where the provider's bytes are invalid. */
export class AnswerTranslation {
  #mode: 'events' | 'whole' | 'error' = 'whole';
  #status = 0;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  /** Of a stream. */
  #decoder: StringDecoder | undefined;
  #parser: EventSourceParser | undefined;
  #texts: string[] = [];
  #ended = false;
  /** Bytes of a stream have arrived; a byte order mark may precede them. */
  #begun = false;

  constructor(
    private readonly reader: AnswerReader,
    private readonly writer: AnswerWriter,
  ) {}

  /** Whether the stream is complete. */
  get complete(): boolean {
    return this.#ended || this.reader.complete;
  }

  /** The head of the response has arrived. */
  begin(status: number, contentType: string | undefined): void {
    this.#status = status;
    const isStream = /^text\/event-stream\b/i.test(contentType ?? '');
    this.#mode = status >= 400 ? 'error' : isStream ? 'events' : 'whole';
    if (this.#mode !== 'events') return;
    this.#decoder = new StringDecoder('utf8');
    this.#parser = createParser({
      maxBufferSize: maxEventLength,
      onEvent: ({ data }) => this.#event(data),
      onError: (error) => {
        if (error.type === 'max-buffer-size-exceeded') throw error;
      },
    });
  }

  push(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return nothing;
    if (this.#decoder && this.#parser) {
      const text = this.#decoder.write(bytes);
      this.#parser.feed(this.#begun ? text : text.replace(/^\uFEFF/, ''));
      this.#begun ||= text !== '';
      return this.#written();
    }
    this.#bytes += bytes.length;
    if (this.#bytes > maxWholeBytes) throw new Error(`The answer is longer than ${maxWholeBytes} bytes.`);
    this.#parts.push(bytes);
    return nothing;
  }

  /** No more bytes follow these. */
  end(bytes: Uint8Array): Uint8Array {
    const before = this.push(bytes);
    if (!this.#parser) return this.#whole();
    this.#flush(this.#parser);
    for (const event of this.reader.over('closed')) this.#write(event);
    return Buffer.concat([before, this.#written()]);
  }

  /** A last event may lack the blank line after it, or be half there. */
  #flush(parser: EventSourceParser): void {
    try {
      parser.feed('\n\n');
    } catch {
      // Half an event is ignored; the missing end of the stream shows that it was cut.
    }
  }

  #event(data: string): void {
    if (data === '[DONE]') for (const event of this.reader.over('done')) this.#write(event);
    else {
      const value: JsonValue = JSON.parse(data);
      for (const event of this.reader.event(json.object(value))) this.#write(event);
    }
  }

  #write(event: AnswerEvent): void {
    if (this.#ended) return;
    this.#ended = event.type === 'end' || event.type === 'error';
    this.#texts.push(this.writer.event(event));
  }

  #written(): Uint8Array {
    const text = this.#texts.join('');
    this.#texts = [];
    return text === '' ? nothing : Buffer.from(text);
  }

  /** A body that is not JSON was cut short: no part of it is sent. */
  #whole(): Uint8Array {
    const text = Buffer.concat(this.#parts).toString('utf8');
    this.#parts = [];
    const body = parsed(text) ?? (this.#mode === 'error' ? {} : undefined);
    if (!body) return nothing;
    this.#ended = true;
    return Buffer.from(JSON.stringify(this.#mode === 'error' ? this.#error(body) : this.#answer(body)));
  }

  #error(body: JsonObject): JsonObject {
    return this.writer.error(this.reader.error(body, this.#status));
  }

  #answer(body: JsonObject): JsonObject {
    // An error in spite of its successful status.
    if (json.isObject(body.error)) throw new Error(this.reader.error(body, this.#status).message);
    return this.writer.whole(this.reader.whole(body));
  }
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value: JsonValue = JSON.parse(text);
    return json.isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
