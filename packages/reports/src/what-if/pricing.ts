import type { Usage } from '@tollgate/core';
import type { RecordedUsage } from './recorded-usage.js';

/** The subject of a price: a model at a provider, at a moment in ms since the epoch. */
interface PricedModel {
  readonly provider: string;
  readonly model: string;
  readonly atMs: number;
}

/**
 * Another price catalogue: returns the cost of a usage, an integer number of nano-dollars, and the catalogue's version; `undefined` where
 * it has no price. `pricing(priceCatalogue(…))` of `@tollgate/meter` is one.
 */
export type Pricing = (
  usage: Usage,
  of: PricedModel,
) => { readonly costNanoUsd: number; readonly priceVersion: string } | undefined;

/** The cost of a recorded attempt by another catalogue; one without usage and cost still costs nothing. */
export function priced(
  price: Pricing,
  { usage, provider, model, admittedMs, costNanoUsd }: RecordedUsage,
): ReturnType<Pricing> {
  const usedNothing = costNanoUsd === 0n && usage.inputTokens === 0 && usage.outputTokens === 0;
  const found = price(usage, { provider, model, atMs: admittedMs });
  return found && usedNothing ? { ...found, costNanoUsd: 0 } : found;
}
