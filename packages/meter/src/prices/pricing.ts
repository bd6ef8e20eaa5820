import type { Usage } from '@tollgate/core';
import { costOf } from './price.js';
import type { PriceCatalogue } from './price-catalogue.js';

/** The cost of a usage, an integer number of nano-dollars, and the version of the catalogue that it comes from. */
export interface PricedUsage {
  readonly costNanoUsd: number;
  readonly priceVersion: string;
}

/**
 * A price book as a function of usage: for `simulate()` and `reprice()` of `@tollgate/reports`. Prices are those of the moment that is asked
 * for, in ms since the epoch; `undefined` where the book has none.
 */
export function pricing(book: PriceCatalogue) {
  return (
    usage: Usage,
    { provider, model, atMs }: { readonly provider: string; readonly model: string; readonly atMs: number },
  ): PricedUsage | undefined => {
    const price = book.find(provider, model, atMs);
    return price && { costNanoUsd: costOf(price, usage), priceVersion: price.version };
  };
}
