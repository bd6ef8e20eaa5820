const none: Buffer = Buffer.alloc(0);
/** Largest event: no model writes a larger one, and memory is bounded. */
const maxFrameBytes = 4 * 1024 * 1024;

/** Cuts a stream of server-sent events into events, each with its blank line, whatever its line ends and wherever chunks are cut. */
export class EventFrames {
  #held: Buffer = none;
  /** Where the search for a blank line continues. */
  #from = 0;

  /** Takes bytes; returns the events that are complete now. Throws a `RangeError` for one that is too large to inspect. */
  push(chunk: Uint8Array): Buffer[] {
    this.#held = this.#held.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#held, chunk]);
    const frames: Buffer[] = [];
    let start = 0;
    for (let at = this.#from; at < this.#held.length; ) {
      const end = blankLineEnd(this.#held, at);
      if (end === undefined) break;
      frames.push(this.#held.subarray(start, end));
      start = end;
      at = end;
    }
    this.#held = this.#held.subarray(start);
    if (this.#held.length > maxFrameBytes) throw new RangeError('an event is too large to be looked at');
    this.#from = Math.max(0, this.#held.length - 3);
    return frames;
  }

  /** Bytes held without a blank line after them. */
  rest(): Buffer {
    const rest = this.#held;
    this.#held = none;
    this.#from = 0;
    return rest;
  }
}

/** Offset behind the first blank line at or after `from`: LF LF, CR CR, or CRLF CRLF; a CR at the very end may still be half of one. */
function blankLineEnd(bytes: Buffer, from: number): number | undefined {
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte !== 0x0a && byte !== 0x0d) continue;
    const next = byte === 0x0d && bytes[at + 1] === 0x0a ? at + 2 : at + 1;
    if (bytes[next] === 0x0a) return next + 1;
    if (bytes[next] !== 0x0d) continue;
    if (next + 1 >= bytes.length) return undefined;
    return bytes[next + 1] === 0x0a ? next + 2 : next + 1;
  }
  return undefined;
}

/** The data of an event; `undefined` where it has none. */
export function dataOf(frame: Buffer): string | undefined {
  const lines = frame
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/\r\n|\r|\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(line[5] === ' ' ? 6 : 5));
  return lines.length === 0 ? undefined : lines.join('\n');
}

/** The event with other data, its name and id kept. */
export function withData(frame: Buffer, data: string): Buffer {
  const others = frame
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/\r\n|\r|\n/)
    .filter((line) => line !== '' && !line.startsWith('data:'));
  return Buffer.from(`${[...others, `data: ${data}`].join('\n')}\n\n`);
}
