import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Request, Response } from 'express';

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

/** The files of the built page by name. Throws an `Error` where the package was not built. */
export function readAssets(
  folder = fileURLToPath(new URL('../dist/page/', import.meta.url)),
): ReadonlyMap<string, Asset> {
  const names = readdirSync(folder).filter((name) => /\.(?:js|css)$/.test(name));
  const read = (name: string): Buffer => readFileSync(`${folder}/${name}`);
  return new Map(
    names.map((name) => [
      name,
      {
        contentType: contentTypes[name.slice(name.lastIndexOf('.') + 1)] ?? '',
        ...{ plain: read(name), gzip: read(`${name}.gz`), brotli: read(`${name}.br`) },
      },
    ]),
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
