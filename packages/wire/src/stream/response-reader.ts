import type { Answer } from '../answer/answer.js';
import { lastObject, nullUsage, wireKey } from '../answer/json-text.js';
import { fieldsOf } from '../answer/reported-usage.js';
import type { WireFormat } from '../format/wire-format.js';
import { SseData } from './sse-data.js';
import { SseFrames } from './sse-frames.js';

const none = Buffer.alloc(0);
/** Most bytes of an answer that is not streamed which are kept to be read. */
const maxBodyBytes = 32 * 1024 * 1024;

/** How {@link ResponseReader} treats an answer. */
export interface ReadingOptions {
  readonly format: WireFormat;
  /** A stream was asked for. */
  readonly stream: boolean;
  /** How many choices were asked for. @defaultValue 1 */
  readonly answers?: number | undefined;
  /** Usage was requested on behalf of a client that did not: the added parts are removed from the stream. */
  readonly hideUsage?: boolean | undefined;
}

/**
 * Reads one response of a provider while it passes. Bytes pass unchanged, in whole events, apart from usage that the client did not
 * request. Only events that can contain relevant fields are parsed; of the others the text is measured.
 */
export class ResponseReader {
  readonly answer: Answer;
  #mode: 'unread' | 'events' | 'body' | 'ignored' = 'unread';
  #frames: SseFrames | undefined;
  readonly #data = new SseData();
  #body: Buffer[] = [];
  #bodyBytes = 0;
  /** The last event that was sent. */
  lastFrame: Buffer = none;

  constructor(private readonly options: ReadingOptions) {
    this.answer = options.format.answer(options.answers ?? 1);
  }

  /** Whether the answer is read event by event. */
  get isStream(): boolean {
    return this.#mode === 'events';
  }

  /** Whether the answer is a stream of events which can be ended between two of them. */
  get endable(): boolean {
    return this.#mode === 'events' && this.#frames !== undefined && this.#frames.between;
  }

  /** The provider's status and content type. Errors are not read. */
  begin(status: number, contentType: string | undefined): void {
    if (status >= 300) this.#mode = 'ignored';
    else if (contentType?.includes('text/event-stream')) this.#readEvents();
    else if (contentType?.includes('json')) this.#mode = 'body';
  }

  /** Takes bytes; returns the bytes to send now. */
  push(chunk: Uint8Array): Uint8Array {
    if (chunk.length === 0) return chunk;
    const bytes = Buffer.isBuffer(chunk)
      ? chunk
      : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#mode === 'unread') this.#guess(bytes);
    if (this.#frames) return this.#frames.push(bytes);
    if (this.#mode === 'body') this.#collect(bytes);
    return chunk;
  }

  /** No more bytes follow; returns the held bytes. */
  end(): Uint8Array {
    if (this.#frames) return this.#frames.end();
    if (this.#mode === 'body' && this.#bodyBytes > 0) this.#readBody();
    return none;
  }

  /** Drops the held bytes: Tollgate ends the stream. */
  discard(): void {
    this.#frames?.discard();
  }

  frame(bytes: Buffer, text: string): Buffer | undefined {
    const { answer } = this;
    const { hideUsage } = this.options;
    if (text.length > 2 && answer.isOfInterest(text)) {
      const data = this.#data.of(bytes, text);
      if (data === '[DONE]') answer.finished = true;
      else if (data !== undefined && this.#readEvent(data) && hideUsage) return none;
    }
    this.lastFrame = bytes;
    const cut = hideUsage ? nullUsage(text) : undefined;
    return cut && without(text, cut);
  }

  /** Usage is near the end of an event: of one that is too large, only the end is searched. */
  oversized(tail: Buffer): void {
    this.answer.unreadable = true;
    const found = lastObject(tail.toString('latin1'), wireKey(this.answer.usageMember));
    if (!found) return;
    try {
      this.answer.says(JSON.parse(tail.toString('utf8', found.from, found.to)));
    } catch {
      // The end of the event is not JSON; the output seen counts.
    }
  }

  #readEvents(): void {
    this.#mode = 'events';
    this.#frames = new SseFrames(this);
  }

  #guess(bytes: Buffer): void {
    const first = bytes.toString('latin1', 0, 64).trimStart()[0];
    if (this.options.stream && first !== '{' && first !== '[') this.#readEvents();
    else this.#mode = 'body';
  }

  #readEvent(data: string): boolean {
    try {
      return this.answer.event(fieldsOf(JSON.parse(data)));
    } catch {
      this.answer.unreadable = true;
      return false;
    }
  }

  #collect(bytes: Buffer): void {
    this.#bodyBytes += bytes.length;
    if (this.#bodyBytes <= maxBodyBytes) this.#body.push(bytes);
    else this.#body = [];
  }

  #readBody(): void {
    const { answer } = this;
    if (this.#bodyBytes > maxBodyBytes) answer.unreadable = true;
    else {
      try {
        const body: unknown = JSON.parse(Buffer.concat(this.#body).toString('utf8'));
        if (Array.isArray(body)) for (const event of body) answer.event(fieldsOf(event));
        else answer.body(fieldsOf(body));
        for (const one of Array.isArray(body) ? body : [body])
          answer.seenWhole(answer.outputBytes(fieldsOf(one)));
      } catch {
        answer.unreadable = true;
      }
    }
    if (answer.unreadable) answer.seenWhole(Math.max(0, this.#bodyBytes - answer.seenBytes));
    this.#body = [];
  }
}

/** By way of its text: views of parts cost more than they copy, for every chunk of every stream. */
function without(text: string, { from, to }: { readonly from: number; readonly to: number }): Buffer {
  return Buffer.from(text.slice(0, from) + text.slice(to), 'latin1');
}
