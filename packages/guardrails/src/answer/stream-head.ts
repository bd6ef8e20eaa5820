import { type StreamHead, shapeOf } from './filtered-end.js';

type Members = Record<string, unknown>;

/** Remembers the properties of a stream that its end needs. */
export class StreamMemory implements StreamHead {
  shape: StreamHead['shape'] = 'unknown';
  common: Readonly<Record<string, unknown>> = {};
  response: Readonly<Record<string, unknown>> | undefined;
  sequence = 0;
  readonly #open = new Set<number>();

  get open(): readonly number[] {
    return [...this.#open].sort((a, b) => a - b);
  }

  /** Takes an event that identifies the kind of stream, whether it is released or not. */
  recognise(event: unknown): void {
    if (this.shape === 'unknown' && typeof event === 'object' && event !== null)
      this.#begin(event as Members);
  }

  /** Takes the next event that was released. */
  see(event: unknown): void {
    if (typeof event !== 'object' || event === null) return;
    const members = event as Members;
    this.recognise(members);
    if (typeof members.sequence_number === 'number') this.sequence = members.sequence_number;
    const index = Number(members.index);
    if (members.type === 'content_block_start') this.#open.add(index);
    else if (members.type === 'content_block_stop') this.#open.delete(index);
    for (const one of [members.choices, members.candidates]) {
      if (Array.isArray(one)) for (const each of one as Members[]) this.#track(each);
    }
  }

  #begin(members: Members): void {
    this.shape = shapeOf(members);
    const { id, object, created, model, system_fingerprint, responseId, modelVersion, response } = members;
    const common = { id, object, created, model, system_fingerprint, responseId, modelVersion };
    this.common = Object.fromEntries(Object.entries(common).filter(([, value]) => value !== undefined));
    if (typeof response === 'object' && response !== null) this.response = response as Members;
  }

  #track(choice: Members): void {
    const index = Number(choice.index ?? 0);
    if ((choice.finish_reason ?? choice.finishReason) == null) this.#open.add(index);
    else this.#open.delete(index);
  }
}
