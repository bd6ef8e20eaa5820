import { declaredPrice, type PriceDeclaration } from './declared-price.js';
import type { Price } from './price.js';

/**
 * Prices that the catalogue has wrong, by provider and model, as the provider published them on the date given. The catalogue still has
 * DeepSeek's prices of early 2025, with the discount by time of day that ended in September 2025 (api-docs.deepseek.com, "Models &
 * Pricing", 2026-11).
 */
const corrections: Readonly<Record<string, PriceDeclaration>> = {
  'deepseek/deepseek-chat': {
    inputUsdPerMillion: '0.28',
    cachedInputUsdPerMillion: '0.028',
    outputUsdPerMillion: '0.42',
    contextWindow: 128_000,
  },
  'deepseek/deepseek-reasoner': {
    inputUsdPerMillion: '0.28',
    cachedInputUsdPerMillion: '0.028',
    outputUsdPerMillion: '0.42',
    contextWindow: 128_000,
  },
};

/** The price to use in place of the catalogue's; `undefined`: the catalogue's is right. */
export function correctedPrice(provider: string, model: string, version: string): Price | undefined {
  const name = `${provider}/${model}`;
  if (!Object.hasOwn(corrections, name)) return undefined;
  const price = declaredPrice(provider, model, corrections[name] as PriceDeclaration, version);
  return { ...price, declared: false };
}
