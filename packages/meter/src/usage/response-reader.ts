import type { WireApi } from '@tollgate/core';
import { createParser, type EventSourceParser } from 'eventsource-parser';
import { AnswerReader } from './answer-facts.js';
import { keyBytes, lastObject, saysMember, textBytes, withoutNullUsage } from './json-bytes.js';
import { fieldsOf } from './reported-usage.js';
import { outputBytes } from './seen-output.js';
import { SseFrames } from './sse-frames.js';

const none = Buffer.alloc(0);
const keys = {
  usage: keyBytes('usage'),
  delta: keyBytes('delta'),
  finishReason: keyBytes('finish_reason'),
  response: keyBytes('response'),
  error: keyBytes('error'),
  blockDelta: keyBytes('content_block_delta'),
  text: keyBytes('text'),
};
const usageKeys: Partial<Record<WireApi, Buffer>> = { 'gemini-generate': keyBytes('usageMetadata') };
/** Most bytes of an answer that is not streamed which are kept to be read. */
const maxBodyBytes = 32 * 1024 * 1024;

/** How {@link ResponseReader} treats an answer. */
export interface ReadingOptions {
  readonly api: WireApi;
  /** A stream was asked for. */
  readonly stream: boolean;
  /** How many choices were asked for. @defaultValue 1 */
  readonly answers?: number | undefined;
  /** Usage was asked for on behalf of a client that did not: what it adds to the stream is taken out again. */
  readonly hideUsage?: boolean | undefined;
}

/**
 * Reads one answer of a provider while it passes. Bytes go on unchanged, in whole events, apart from usage that the client did
 * not ask for. Only events that can carry something of interest are parsed; of the others the text is measured.
 */
export class ResponseReader {
  readonly answer: AnswerReader;
  #mode: 'unread' | 'events' | 'body' | 'ignored' = 'unread';
  #frames: SseFrames | undefined;
  #parser: EventSourceParser | undefined;
  #data: string | undefined;
  #body: Buffer[] = [];
  #bodyBytes = 0;
  /** The last event that went on. */
  lastFrame: Buffer = none;

  constructor(private readonly options: ReadingOptions) {
    this.answer = new AnswerReader(options.api, options.answers ?? 1);
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

  /** Takes bytes; returns what goes on now. */
  push(chunk: Uint8Array): Uint8Array {
    if (chunk.length === 0) return chunk;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#mode === 'unread') this.#guess(bytes);
    if (this.#frames) return this.#frames.push(bytes);
    if (this.#mode === 'body') this.#collect(bytes);
    return chunk;
  }

  /** No more bytes follow; returns what was held back. */
  end(): Uint8Array {
    if (this.#frames) return this.#frames.end();
    if (this.#mode === 'body' && this.#bodyBytes > 0) this.#readBody();
    return none;
  }

  /** Forgets what was held back: the stream is ended by us. */
  discard(): void {
    this.#frames?.discard();
  }

  frame(bytes: Buffer): Buffer | undefined {
    const { answer } = this;
    let hide = false;
    if (this.#isOfInterest(bytes)) {
      const data = this.#dataOf(bytes);
      if (data === '[DONE]') answer.finished = true;
      else if (data !== undefined) hide = this.#readEvent(data) && this.options.hideUsage === true;
    }
    if (hide) return none;
    const instead = this.options.hideUsage ? withoutNullUsage(bytes) : undefined;
    this.lastFrame = bytes;
    return instead;
  }

  /** Usage stands near the end of an event; of one that is too large the end is looked at. */
  oversized(tail: Buffer): void {
    this.answer.unreadable = true;
    this.answer.says(lastObject(tail, usageKeys[this.options.api] ?? keys.usage));
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
  #isOfInterest(bytes: Buffer): boolean {
    const { answer } = this;
    if (this.options.api === 'gemini-generate') {
      answer.seenBytes += textBytes(bytes, keys.text);
      return bytes.length > 2;
    }
    if (this.options.api === 'anthropic-messages') {
      if (saysMember(bytes, keys.usage)) return true;
      if (!bytes.includes(keys.blockDelta)) return bytes.length > 2;
      answer.seenBytes += textBytes(bytes, keys.delta);
      return false;
    }
    // A response object repeats the client's tools, which may have a member named `delta`.
    const responses = this.options.api === 'openai-responses';
    if (responses && bytes.includes(keys.response)) return true;
    const text = textBytes(bytes, keys.delta);
    answer.seenBytes += text;
    if (responses) return text === 0 && bytes.includes(keys.error);
    if (text === 0 || answer.model === undefined) return bytes.length > 2;
    return saysMember(bytes, keys.usage) || saysMember(bytes, keys.finishReason);
  }

  #dataOf(frame: Buffer): string | undefined {
    this.#parser ??= createParser({
      onEvent: (event) => {
        this.#data = event.data;
      },
    });
    this.#data = undefined;
    this.#parser.feed(`${frame.toString('utf8')}\n\n`);
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
          answer.seenBytes += outputBytes(this.options.api, fieldsOf(one));
      } catch {
        answer.unreadable = true;
      }
    }
    if (answer.unreadable) answer.seenBytes = Math.max(answer.seenBytes, this.#bodyBytes);
    this.#body = [];
  }
}
