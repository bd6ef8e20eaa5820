import type { JsonObject } from '@tollgate/core';
import type { Request } from 'express';
import type { MeterOptions } from './meter-options.js';
import { apiOf } from './requests/api-path.js';
import { mostSaved } from './token-bound.js';

/** What media is sent as, and nothing else is read as: base64, data URLs, addresses. */
const maybeMedia = /^[\w+/=:;,.%?&#~@!-]*$/;

/**
 * At least so many input tokens `meter()` will hold for the call that a request's parsed body is: the UTF-8 bytes of its texts, less all that may
 * be media or be counted shorter. Takes a millisecond for a megabyte. 0 where the request is no call of a known format.
 */
export function leastInputTokens(
  req: Request,
  options: Pick<MeterOptions, 'api' | 'inputBound'> = {},
): number {
  const api = options.api ?? apiOf(req.originalUrl, req.method)?.api;
  if (api === undefined || req.method !== 'POST') return 0;
  const bytes = textBytes(req.body);
  return options.inputBound === 'tokens' ? Math.max(0, bytes - mostSaved) : bytes;
}

function textBytes(body: unknown): number {
  let bytes = 0;
  const waiting: unknown[] = [body];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value === 'string') {
      if (!maybeMedia.test(value)) bytes += Buffer.byteLength(value);
    } else if (typeof value === 'object' && value !== null) {
      for (const item of Object.values(value as JsonObject)) waiting.push(item);
    }
  }
  return bytes;
}
