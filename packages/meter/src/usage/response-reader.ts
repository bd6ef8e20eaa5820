import type { WireApi } from '@tollgate/core/internal';
import { createParser, type EventSourceParser } from 'eventsource-parser';
import { AnswerReader } from './answer-facts.js';
import { addOutputOf, hasMember, lastObject, nullUsage, saysMember, wireKey } from './json-text.js';
import { fieldsOf } from './reported-usage.js';
import { outputBytes } from './seen-output.js';
import { SseFrames } from './sse-frames.js';

const none = Buffer.alloc(0);
const keys = {
  usage: wireKey('usage'),
  delta: wireKey('delta'),
  finishReason: wireKey('finish_reason'),
  response: wireKey('response'),
  error: wireKey('error'),
  blockDelta: wireKey('content_block_delta'),
  text: wireKey('text'),
};
const usageKeys: Partial<Record<WireApi, string>> = { 'gemini-generate': wireKey('usageMetadata') };
/** Most bytes of an answer that is not streamed which are kept to be read. */
const maxBodyBytes = 32 * 1024 * 1024;

/** An event of chat with more output than this holds sound, an image or something encrypted, which are fewer tokens than they seem. */
const mostTextBytes = 1024;

/** How {@link ResponseReader} treats an answer. */
export interface ReadingOptions {
  readonly api: WireApi;
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
  readonly answer: AnswerReader;
  #mode: 'unread' | 'events' | 'body' | 'ignored' = 'unread';
  #frames: SseFrames | undefined;
  #parser: EventSourceParser | undefined;
  #data: string | undefined;
  #body: Buffer[] = [];
  #bodyBytes = 0;
  /** The last event that was sent. */
  lastFrame: Buffer = none;

  constructor(private readonly options: ReadingOptions) {
    this.answer = new AnswerReader(options.api, options.answers ?? 1);
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
    if (this.#isOfInterest(text)) {
      const data = this.#dataOf(bytes, text);
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
    const found = lastObject(tail.toString('latin1'), usageKeys[this.options.api] ?? keys.usage);
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

  /** Decides by bytes whether an event must be parsed, and measures the output text of those that need not. */
  #isOfInterest(text: string): boolean {
    const { answer } = this;
    if (text.length <= 2) return false;
    if (this.options.api === 'gemini-generate') {
      addOutputOf(text, keys.text, answer);
      return true;
    }
    if (this.options.api === 'anthropic-messages') {
      if (saysMember(text, keys.usage)) return true;
      if (!hasMember(text, keys.blockDelta)) return true;
      addOutputOf(text, keys.delta, answer);
      return false;
    }
    // A response object repeats the client's tools, which may have a member named `delta`.
    const responses = this.options.api === 'openai-responses';
    if (responses && hasMember(text, keys.response)) return true;
    const output = addOutputOf(text, keys.delta, answer);
    if (responses) return output === 0 && hasMember(text, keys.error);
    if (output > 0 && output <= mostTextBytes) {
      answer.textEvents += 1;
      answer.textBytes += output;
    }
    if (output === 0 || answer.model === undefined) return true;
    return saysMember(text, keys.usage) || saysMember(text, keys.finishReason);
  }

  /** The data of an event. The common form, one line and nothing else, needs no parser. */
  #dataOf(bytes: Buffer, text: string): string | undefined {
    const line = text.indexOf('\n');
    if (text.startsWith('data: ') && line === text.length - 2 && !text.includes('\r')) {
      return bytes.toString('utf8', 6, line);
    }
    this.#parser ??= createParser({
      onEvent: (event) => {
        this.#data = event.data;
      },
    });
    this.#data = undefined;
    this.#parser.feed(`${bytes.toString('utf8')}\n\n`);
    return this.#data;
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
          answer.seenWhole(outputBytes(this.options.api, fieldsOf(one)));
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
