import { gunzipSync } from 'node:zlib';
import type { Request, Response } from 'express';
import { files } from '#page';

/** A file of the page, as built. */
export interface Asset {
  readonly contentType: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
  readonly brotli: Buffer;
}

const contentTypes: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
};

/** The files of the page by name. */
export function readAssets(): ReadonlyMap<string, Asset> {
  return new Map(
    Object.entries(files).map(([name, { gzip, brotli }]) => {
      const compressed = Buffer.from(gzip, 'base64');
      const contentType = contentTypes[name.slice(name.lastIndexOf('.') + 1)] ?? '';
      const plain = gunzipSync(compressed);
      return [name, { contentType, plain, gzip: compressed, brotli: Buffer.from(brotli, 'base64') }];
    }),
  );
}

/** Sends a file in the encoding that the client accepts. Its name changes with its content, so it is kept for good. */
export function sendAsset(req: Request, res: Response, asset: Asset): void {
  const encoding = req.acceptsEncodings(['br', 'gzip', 'identity']);
  const body = encoding === 'br' ? asset.brotli : encoding === 'gzip' ? asset.gzip : asset.plain;
  res.setHeader('content-type', asset.contentType);
  res.setHeader('cache-control', 'public, max-age=31536000, immutable');
  res.setHeader('vary', 'accept-encoding');
  res.setHeader('x-content-type-options', 'nosniff');
  if (body !== asset.plain) res.setHeader('content-encoding', encoding === 'br' ? 'br' : 'gzip');
  res.setHeader('content-length', body.length);
  res.end(req.method === 'HEAD' ? undefined : body);
}
