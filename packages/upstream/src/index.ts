export { proxy } from './middleware.js';
export type { ProxyOptions } from './options.js';
export {
  type PassHeaders,
  type Provider,
  type ProviderAsk,
  type ProviderOptions,
  type ProviderPaths,
  type ProviderTarget,
  provider,
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
export type { Timeouts } from './timeouts.js';
