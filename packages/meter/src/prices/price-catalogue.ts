import { createHash } from 'node:crypto';
import { accepts, checkOptions } from '@tollgate/core/internal';
import { cataloguePrice } from './catalogue-price.js';
import { catalogueVersion } from './catalogue-version.js';
import { completedPrice, correctedPrice } from './corrected-prices.js';
import { acceptsPrices, declaredPrice, type PriceDeclarations } from './declared-price.js';
import { inCatalogue } from './in-catalogue.js';
import type { Price } from './price.js';

/** Where prices are looked up. */
export interface PriceCatalogue {
  /** Version of the catalogue, and a hash of the app's own prices where it declares any. */
  readonly version: string;
  /**
   * The price of a model at a provider (`openai`, `anthropic`, `google`, `azure`, …), at a moment in ms since the epoch;
   * `undefined` where neither the app nor the catalogue has one.
   */
  find(provider: string, model: string, atMs?: number): Price | undefined;
}

/** Options of {@link priceCatalogue}. */
export interface PriceCatalogueOptions {
  /** Prices of the app's own, before the catalogue's. */
  readonly prices?: PriceDeclarations | undefined;
  /** Clock, in ms since the epoch. @defaultValue Date.now */
  readonly now?: (() => number) | undefined;
}

/** Matching a model takes 10 to 60 µs, so matches are remembered: this many, since clients choose the names. */
const maxRemembered = 2_000;

/** Some catalogue prices depend on the date or the time of day; a match is looked up again after a minute. */
const rememberedMs = 60_000;

interface FoundPrice {
  readonly price: Price | undefined;
  readonly minute: number;
}

/** Prices by `@pydantic/genai-prices`, with the app's own on top. */
export function priceCatalogue(options: PriceCatalogueOptions = {}): PriceCatalogue {
  checkOptions<PriceCatalogueOptions>('priceCatalogue', options, {
    prices: acceptsPrices,
    now: accepts.function,
  });
  const declared = options.prices ?? {};
  const now = options.now ?? Date.now;
  const version = versionOf(declared);
  /** By provider, then by model. */
  const remembered = new Map<string, Map<string, FoundPrice>>();
  let size = 0;

  function look(provider: string, model: string, atMs: number): Price | undefined {
    const own = declaredFor(declared, provider, model);
    if (own) return declaredPrice(provider, model, own, version);
    const corrected = correctedPrice(provider, model, version);
    if (corrected) return corrected;
    const found = inCatalogue(provider, model, atMs);
    const price = found && cataloguePrice(provider, found.model, found.model_price, version);
    return price && completedPrice(price);
  }

  return {
    version,
    find(provider, model, atMs = now()) {
      const minute = Math.floor(atMs / rememberedMs);
      const known = remembered.get(provider)?.get(model);
      if (known && known.minute === minute) return known.price;
      const price = look(provider, model, atMs);
      if (size >= maxRemembered) {
        remembered.clear();
        size = 0;
      }
      const ofProvider = remembered.get(provider) ?? new Map<string, FoundPrice>();
      if (!ofProvider.has(model)) size += 1;
      remembered.set(provider, ofProvider.set(model, { price, minute }));
      return price;
    },
  };
}

function declaredFor(
  declared: PriceDeclarations,
  provider: string,
  model: string,
): PriceDeclarations[string] | undefined {
  const qualified = `${provider}/${model}`;
  if (Object.hasOwn(declared, qualified)) return declared[qualified];
  return Object.hasOwn(declared, model) ? declared[model] : undefined;
}

function versionOf(declared: PriceDeclarations): string {
  const entries = Object.entries(declared).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return catalogueVersion;
  const hash = createHash('sha256').update(JSON.stringify(entries)).digest('hex').slice(0, 8);
  return `${catalogueVersion}+${hash}`;
}
