import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** Where decoded bytes go. */
export interface DecodedBodyEvents {
  onBytes(bytes: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
  /** More can be written. */
  onDrain(): void;
}

const decoders = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Whether a content encoding can be undone. */
export const isDecodable = (encoding: string): encoding is keyof typeof decoders =>
  Object.hasOwn(decoders, encoding);

/** Undoes the compression of an answer that was asked for without: some services compress whatever is asked. */
export class DecodedBody {
  readonly #decoder;

  constructor(encoding: keyof typeof decoders, events: DecodedBodyEvents) {
    this.#decoder = decoders[encoding]();
    this.#decoder.on('data', (bytes: Buffer) => events.onBytes(bytes));
    this.#decoder.on('end', () => events.onEnd());
    this.#decoder.on('error', (error) => events.onError(error));
    this.#decoder.on('drain', () => events.onDrain());
  }

  /** `false`: no more before `onDrain`. */
  write(bytes: Uint8Array): boolean {
    return this.#decoder.write(bytes);
  }

  end(): void {
    this.#decoder.end();
  }

  pause(): void {
    this.#decoder.pause();
  }

  resume(): void {
    this.#decoder.resume();
  }

  destroy(): void {
    this.#decoder.destroy();
  }
}
