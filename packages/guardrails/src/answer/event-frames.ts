import { SseData, SseFrames } from '@tollgate/wire/internal';

const none: Buffer = Buffer.alloc(0);

/** A whole server-sent event, with its blank line. */
export interface EventFrame {
  readonly bytes: Buffer;
  /** `undefined` where it has none. */
  readonly data: string | undefined;
}

/** Takes a stream of server-sent events apart, so that each is looked at before it is sent. */
export class EventFrames {
  #found: EventFrame[] = [];
  readonly #data = new SseData();
  readonly #frames = new SseFrames({
    frame: (bytes, text) => {
      this.#found.push({ bytes, data: this.#data.of(bytes, text) });
      return none;
    },
    oversized: () => undefined,
  });

  /** Takes bytes; returns the events that are complete now. Throws a `RangeError` for one that is too large to inspect. */
  push(chunk: Uint8Array): EventFrame[] {
    this.#frames.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (!this.#frames.between) throw new RangeError('an event is too large to be looked at');
    return this.#taken();
  }

  /** No more bytes follow: the last event, where its blank line is missing. */
  end(): EventFrame[] {
    this.#frames.end();
    return this.#taken();
  }

  #taken(): EventFrame[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }
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
