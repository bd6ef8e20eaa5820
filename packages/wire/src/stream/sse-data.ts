import { createParser, type EventSourceParser } from 'eventsource-parser';

/** Reads the data of whole server-sent events, one after the other. */
export class SseData {
  #parser: EventSourceParser | undefined;
  #data: string | undefined;

  /** `text`: the same bytes as Latin-1. The common form, one line and nothing else, needs no parser. `undefined`: the event has no data. */
  of(bytes: Buffer, text: string): string | undefined {
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
    // A stream may begin with a byte order mark, which the parser takes for a part of a name.
    this.#parser.feed(`${bytes.toString('utf8').replace(/^\uFEFF/, '')}\n\n`);
    return this.#data;
  }
}
