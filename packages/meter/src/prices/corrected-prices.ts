import { declaredPrice, type PriceDeclaration } from './declared-price.js';
import type { Price, PriceBand } from './price.js';

/**
 * Prices that the catalogue has wrong, by provider and model, as the provider published them on the date given.
 *
 * DeepSeek (api-docs.deepseek.com, "Models & Pricing", 2026-11): the catalogue has the prices of early 2025, with the discount by time of day
 * that ended in September 2025. Groq (groq.com/pricing, 2026-11): the catalogue takes the smaller model for the larger. Mistral
 * (mistral.ai/pricing, 2026-11): `-latest` names the models of 2026. Azure (azure.microsoft.com/pricing, "AI Foundry Models", 2026-11, global
 * deployments): the catalogue has the prices of other hosts, which are half to a fifth.
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
  'groq/openai/gpt-oss-safeguard-20b': {
    inputUsdPerMillion: '0.075',
    outputUsdPerMillion: '0.30',
    contextWindow: 131_072,
  },
  'mistral/mistral-large-latest': { inputUsdPerMillion: '0.5', outputUsdPerMillion: '1.5' },
  'mistral/mistral-small-latest': { inputUsdPerMillion: '0.15', outputUsdPerMillion: '0.60' },
  'azure/deepseek-v3.2': { inputUsdPerMillion: '0.58', outputUsdPerMillion: '1.68', contextWindow: 128_000 },
  'azure/deepseek-r1': { inputUsdPerMillion: '1.35', outputUsdPerMillion: '5.40', contextWindow: 128_000 },
  'azure/phi-4': { inputUsdPerMillion: '0.125', outputUsdPerMillion: '0.50', contextWindow: 16_384 },
  'azure/gpt-oss-120b': { inputUsdPerMillion: '0.15', outputUsdPerMillion: '0.60', contextWindow: 131_072 },
  // The cached price is not documented, so cached input costs the same.
  'azure/grok-3-mini': { inputUsdPerMillion: '0.30', outputUsdPerMillion: '1.27', contextWindow: 131_072 },
};

/** Models of the catalogue whose price at Azure is that of another host, and not known: the app declares it. */
const unknownAtAzure = /^(?:deepseek|phi|grok|gpt-oss)-/;

/**
 * Models whose tokens cost twice as much in calls with a longer input than this (docs.x.ai, "Models and Pricing", 2026-11), by the catalogue's
 * names, which have one price.
 */
const doubledAbove: Readonly<Record<string, number>> = {
  'x-ai/grok-4-0709': 128_000,
  'x-ai/grok-4-fast-reasoning': 128_000,
  'x-ai/grok-4-fast-non-reasoning': 128_000,
  'x-ai/grok-4-1-fast-reasoning': 128_000,
  'x-ai/grok-4-1-fast-non-reasoning': 128_000,
};

/** The price to use in place of the catalogue's; `undefined`: the catalogue's is right. */
export function correctedPrice(provider: string, model: string, version: string): Price | undefined {
  const name = `${provider}/${model}`;
  if (!Object.hasOwn(corrections, name)) return undefined;
  const price = declaredPrice(provider, model, corrections[name] as PriceDeclaration, version);
  return { ...price, declared: false };
}

/** A price of the catalogue with what it lacks; `undefined` where it is another host's. */
export function completedPrice(price: Price): Price | undefined {
  const { provider, model } = price;
  if (provider === 'azure' && unknownAtAzure.test(model)) return undefined;
  const above = doubledAbove[`${provider}/${model}`];
  if (above === undefined || price.bands.length > 1) return price;
  return { ...price, bands: [price.bands[0], { ...doubled(price.bands[0]), above }] };
}

function doubled({ above: _, ...rates }: PriceBand): Omit<PriceBand, 'above'> {
  return { ...rates, ...Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, rate * 2n])) };
}
