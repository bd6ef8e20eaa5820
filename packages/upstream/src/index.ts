export { type BedrockOptions, bedrock } from './bedrock.js';
export { type ProxyHandler, proxy } from './middleware.js';
export type { ProxyOptions } from './options.js';
export {
  type PassHeaders,
  type Provider,
  type ProviderOptions,
  type ProviderPaths,
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
} from './provider-shapes.js';
export { type Resilience, resilience } from './resilience/resilience.js';
export type {
  BreakerOptions,
  HedgeOptions,
  ResilienceOptions,
  RetryOptions,
} from './resilience/resilience-options.js';
export { resilient } from './resilience/resilient.js';
export type { ResilientOptions } from './resilience/resilient-options.js';
export type { Fallback, Fallbacks } from './resilience/target.js';
export { classifyPrompt, type UsualTask } from './route/classify-prompt.js';
export { decideRoute } from './route/decide-route.js';
export type { PromptFacts } from './route/prompt-facts.js';
export type { RouteCandidate, RouteDecision, RouteExclusion, RouteInputs } from './route/route-inputs.js';
export type { PolledPrice, RouteFacts, RouteSource } from './route/route-source.js';
export { type Router, router } from './route/router.js';
export type { RoutedModel, RouterOptions, RouteTask } from './route/router-options.js';
export type { Timeouts } from './timeouts.js';
export { translatedFor } from './translate/translated-for.js';
