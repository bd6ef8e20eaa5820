import { findProvider } from '@pydantic/genai-prices';
import type { PriceDeclarations } from './declared-price.js';
import { inCatalogue } from './in-catalogue.js';

/** The providers of the price catalogue; a test compares them with those of the one installed. */
export const catalogueProviders: readonly string[] = Object.freeze([
  ...['anthropic', 'arcee', 'avian', 'aws', 'azure', 'baseten', 'cerebras', 'cloudflare', 'cohere', 'cursor'],
  ...['deepseek', 'doubleword', 'fireworks', 'github-copilot', 'google', 'groq', 'huggingface_cerebras'],
  ...['huggingface_fireworks-ai', 'huggingface_groq', 'huggingface_hyperbolic', 'huggingface_nebius'],
  ...['huggingface_novita', 'huggingface_nscale', 'huggingface_ovhcloud', 'huggingface_publicai'],
  ...['huggingface_sambanova', 'huggingface_together', 'minimax', 'mistral', 'modal', 'moonshotai', 'novita'],
  ...['openai', 'openrouter', 'ovhcloud', 'perplexity', 'quicksilverpro', 'together', 'typesafe', 'voyageai'],
  ...['x-ai', 'zai', 'zhipuai'],
]);

/** Whether the catalogue has a provider under this name, or under an alias of it. */
export function isCatalogued(provider: string): boolean {
  return findProvider({ providerId: provider }) !== undefined;
}

/** Prices declared by the app. */
export interface OwnPrices {
  readonly prices?: PriceDeclarations | undefined;
  /** Models by alias. */
  readonly models?: Readonly<Record<string, string>> | undefined;
}

/** Whether a model has a price, declared or of any provider in the catalogue: for checks at start, before it is known who is called. */
export function isPricedSomewhere(name: string, { prices = {}, models = {} }: OwnPrices): boolean {
  const model = (Object.hasOwn(models, name) && models[name]) || name;
  const declared = Object.keys(prices).some((one) => one === model || one.endsWith(`/${model}`));
  return (
    declared || catalogueProviders.some((provider) => inCatalogue(provider, model, Date.now()) !== undefined)
  );
}
