export { type BedrockOptions, bedrock } from './bedrock.js';
export { type ProxyHandler, proxy } from './middleware.js';
export type { ProxyOptions } from './options.js';
export {
  type PassHeaders,
  type Provider,
  type ProviderAsk,
  type ProviderOptions,
  type ProviderPaths,
  type ProviderTarget,
  provider,
  type WeightedKey,
} from './provider.js';
export {
  type AzureOpenAIOptions,
  anthropic,
  azureOpenAI,
  gemini,
  type OpenAiCompatibleOptions,
  openAiCompatible,
  openai,
  type ShapeOptions,
} from './provider-shapes.js';
export { type Resilience, resilience } from './resilience/resilience.js';
export type { BreakerOptions, HedgeOptions, ResilienceOptions, RetryOptions } from './resilience/resilience-options.js';
export { resilient } from './resilience/resilient.js';
export type { Fallback, Fallbacks } from './resilience/target.js';
export type { Timeouts } from './timeouts.js';
export { type TranslatedCall, translatedFor } from './translate/translated-for.js';
