import type { TollgateContext } from '@tollgate/core';
import { SseFrames } from '@tollgate/wire/internal';
import type { Response } from 'express';
import type { AnswerWriter } from '../exchange/attempt-interface.js';
import type { BodyKind } from '../exchange/classify-response.js';

/** An answer that is not a stream is kept until it is complete, up to this size: a broken one then becomes a clean 502. */
const maxKeptBytes = 1024 * 1024;
/** A longer event of a stream is sent in parts, in bytes; it cannot be taken back any more. */
const maxHeldBytes = 64 * 1024;

/** Events pass unchanged, each as a whole, so that a stream that breaks off can be ended with an event of Tollgate. */
const wholeEvents = (): SseFrames => new SseFrames(undefined, maxHeldBytes);

/** The last byte that is no white space of JSON (RFC 8259). */
function lastNonSpace(bytes: Uint8Array): number | undefined {
  for (let at = bytes.length - 1; at >= 0; at -= 1) {
    const byte = bytes[at] as number;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
  }
  return undefined;
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The client's side of an attempt: writes the answer to `res`, with back-pressure, and ends it once. */
export class ClientAnswer implements AnswerWriter {
  #kind: BodyKind | 'parts' = 'whole';
  #status = 0;
  #headers: Readonly<Record<string, string>> = {};
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #last: Uint8Array | undefined;
  #frames = wholeEvents();

  constructor(
    private readonly context: TollgateContext,
    private readonly res: Response,
  ) {}

  /** Something has reached the client; no other answer is possible. */
  get begun(): boolean {
    return this.res.headersSent;
  }

  /** The answer is kept until it is complete; its head is still to be written. */
  get isKept(): boolean {
    return this.#kind === 'whole' && !this.gone;
  }

  get gone(): boolean {
    return this.res.destroyed || this.res.closed;
  }

  /** The last bytes that went to the client. */
  get last(): Uint8Array | undefined {
    return this.#last;
  }

  begin(status: number, headers: Readonly<Record<string, string>>, kind: BodyKind | 'parts'): void {
    this.#status = status;
    this.#headers = headers;
    this.#kind = kind;
    // An earlier attempt may have left bytes that no client has received.
    this.#kept = [];
    this.#keptBytes = 0;
    this.#frames = wholeEvents();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#kind === 'events') return this.#send(this.#frames.push(asBuffer(bytes)));
    if (this.#kind === 'parts') return this.#send(bytes);
    if (bytes.length > 0) this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
    if (this.#keptBytes <= maxKeptBytes) return true;
    this.#kind = 'parts';
    return this.#send(this.#takeKept());
  }

  isCutShort(tail: Uint8Array): boolean {
    if (this.#kind !== 'whole') return false;
    const parts = [...this.#kept, tail];
    for (let index = parts.length - 1; index >= 0; index -= 1) {
      const last = lastNonSpace(parts[index] as Uint8Array);
      if (last !== undefined) return last !== 0x7d && last !== 0x5d;
    }
    return true;
  }

  onDrain(listener: () => void): void {
    this.res.on('drain', listener);
  }

  onGone(listener: () => void): void {
    if (this.gone) listener();
    else this.context.onClosed(listener);
  }

  /** The answer is complete. */
  complete(tail: Uint8Array): void {
    if (this.gone) return;
    if (this.#kind === 'whole') {
      if (tail.length > 0) this.#kept.push(tail);
      const body = this.#takeKept();
      this.#writeHead(body.length);
      this.res.end(body);
      return;
    }
    if (!this.begun) this.#writeHead(undefined);
    const held = this.#frames.end();
    if (held.length > 0) this.res.write(held);
    this.res.end(tail);
  }

  /**
   * Ends the response with the bytes sent so far: an incomplete event is left out. Returns whether further events can follow; where they
   * cannot, the connection is cut, so that the client does not mistake the part for the whole.
   */
  breakOff(tail: Uint8Array): boolean {
    if (this.gone) return false;
    if (this.#kind === 'events') this.#send(this.#frames.push(asBuffer(tail)));
    if (this.#kind === 'events' && this.#frames.between) return true;
    this.res.destroy();
    return false;
  }

  /** Ends a stream after {@link breakOff}. */
  end(): void {
    this.res.end();
  }

  #send(bytes: Uint8Array): boolean {
    if (bytes.length === 0 || this.gone) return true;
    this.#last = bytes;
    if (!this.begun) this.#writeHead(undefined);
    return this.res.write(bytes);
  }

  #writeHead(length: number | undefined): void {
    const { res } = this;
    res.statusCode = this.#status;
    for (const name in this.#headers) res.setHeader(name, this.#headers[name] as string);
    if (length !== undefined) res.setHeader('content-length', length);
  }

  #takeKept(): Uint8Array {
    const [first] = this.#kept;
    const body = this.#kept.length === 1 && first ? first : Buffer.concat(this.#kept);
    this.#kept = [];
    this.#keptBytes = 0;
    return body;
  }
}
