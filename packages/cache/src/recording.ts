import type { ParsedCall } from '@tollgate/core/internal';
import { endedByModel } from './ended-by-model.js';

/** Content types of model APIs. */
export const isKeepable = (contentType: string): boolean =>
  /^(?:application\/json|text\/event-stream)(?:; ?charset=[\w-]+)?$/i.test(contentType);

/** One answer as its client gets it, as long as it is worth keeping. */
export class Recording {
  #contentType: string | undefined;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;

  constructor(private readonly maxBytes: number) {}

  begin(status: number, contentType: string | undefined): void {
    if (status === 200 && contentType !== undefined && isKeepable(contentType))
      this.#contentType = contentType;
  }

  push(chunk: Uint8Array, last: boolean): void {
    this.#bytes += chunk.length;
    this.#ended ||= last;
    if (this.#contentType === undefined || this.#bytes > this.maxBytes) this.#parts = [];
    else if (chunk.length > 0) this.#parts.push(chunk);
  }

  /** The response, if it is complete, within the size limit, and was ended by the model itself. */
  whole({ api, stream }: ParsedCall): { contentType: string; body: Uint8Array<ArrayBuffer> } | undefined {
    const contentType = this.#contentType;
    if (contentType === undefined || !this.#ended || this.#bytes > this.maxBytes) return undefined;
    const body = Buffer.concat(this.#parts);
    return endedByModel(api, stream, body.toString('utf8')) ? { contentType, body } : undefined;
  }
}
