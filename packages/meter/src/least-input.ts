import type { JsonObject } from '@tollgate/core/internal';
import { routeOf } from '@tollgate/wire';
import type { Request } from 'express';
import type { MeterOptions } from './meter-options.js';
import { catalogueProviders } from './prices/known-prices.js';
import { type PriceCatalogue, priceCatalogue } from './prices/price-catalogue.js';
import { mostSaved } from './requests/token-bound.js';

/** Of texts below this many tokens no price is looked up: that takes two milliseconds for a name that is new. */
export const tooSmallToPrice = 16_384;

/** The characters of media, which is not counted as text: base64, data URLs, addresses. */
const maybeMedia = /^[\w+/=:;,.%?&#~@!-]*$/;

/**
 * A lower bound of the input tokens that `meter()` will reserve for a parsed body: the UTF-8 bytes of its texts, without all that may be
 * media or be counted shorter. Takes a millisecond for a megabyte. 0 where the request is no call of a known format.
 */
export function leastInputTokens(
  req: Request,
  options: Pick<MeterOptions, 'api' | 'inputBound'> = {},
): number {
  const api = options.api ?? routeOf(req.originalUrl, req.method)?.api;
  if (api === undefined || req.method !== 'POST') return 0;
  const bytes = textBytes(req.body);
  return options.inputBound === 'tokens' ? Math.max(0, bytes - mostSaved) : bytes;
}

/**
 * Returns a function that computes a lower bound, in nano-dollars, of the money that `meter()` reserves for the input of a request: the number of
 * tokens times half of the lowest input price of the named model, over all providers that sell it (the cheapest service tier costs half). Returns 0
 * with `dispatch`, which may choose another provider; below 16 384 tokens; and for models that are free or have no price.
 */
export function leastInputCost(
  options: Pick<MeterOptions, 'prices' | 'models' | 'dispatch'> = {},
): (req: Request, tokens: number) => number {
  const { prices = {}, models = {}, dispatch } = options;
  if (dispatch) return () => 0;
  const book = priceCatalogue({ prices });
  const own = Object.keys(prices).map((name) => name.slice(0, Math.max(0, name.indexOf('/'))));
  const providers = [...new Set([...catalogueProviders, ...own])];
  return (req, tokens) => {
    const named: unknown = routeOf(req.originalUrl, req.method)?.model ?? req.body?.model;
    if (tokens < tooSmallToPrice || typeof named !== 'string' || named.length > 256) return 0;
    const model = (Object.hasOwn(models, named) && models[named]) || named;
    return Number((BigInt(tokens) * lowestInput(book, providers, model)) / 2_000n);
  };
}

/** Pico-dollars of an input token where it is sold for least; 0 where it has no price. */
function lowestInput(book: PriceCatalogue, providers: readonly string[], model: string): bigint {
  const prices = providers.flatMap((provider) => book.find(provider, model) ?? []);
  const inputs = prices.flatMap(({ free, bands }) => (free ? [0n] : bands.map(({ input }) => input)));
  return inputs.sort((one, other) => (one < other ? -1 : 1))[0] ?? 0n;
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
