import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** Undoes a content encoding for reading, while the encoded bytes pass. */
export interface Decoder {
  push(chunk: Uint8Array): void;
  /** Resolves when all pushed bytes have been decoded, or at the first error. */
  end(): Promise<void>;
}

const makers = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

const isKnown = (encoding: string): encoding is keyof typeof makers => Object.hasOwn(makers, encoding);

/** A decoder that hands plain bytes to `read`; `undefined` for encodings that are not known. */
export function decoderOf(encoding: string, read: (bytes: Uint8Array) => void): Decoder | undefined {
  if (encoding === '' || encoding === 'identity') return { push: read, end: async () => undefined };
  if (!isKnown(encoding)) return undefined;
  const stream = makers[encoding]();
  const over = new Promise<void>((resolve) => {
    stream.on('data', read);
    stream.once('end', resolve);
    stream.once('error', () => resolve());
    stream.once('close', () => resolve());
  });
  return {
    push: (chunk) => {
      if (!stream.destroyed && !stream.writableEnded) stream.write(chunk);
    },
    end: () => {
      stream.end();
      return over;
    },
  };
}
