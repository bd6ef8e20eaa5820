export type { PromptFacts } from './call/prompt-facts.js';
export type { Fallback, Fallbacks } from './call/target.js';
export type { TraceContext } from './call/trace-context.js';
export { translatedFor } from './call/translated-for.js';
export { providerFailure } from './exchange/provider-failure.js';
export { resilient } from './fetch/resilient.js';
export type { ResilientOptions } from './fetch/resilient-options.js';
export { type BedrockOptions, bedrock } from './provider/bedrock.js';
export {
  type PassHeaders,
  type Provider,
  type ProviderOptions,
  type ProviderPaths,
  provider,
  type WeightedKey,
} from './provider/provider.js';
export {
  type AzureOpenAIOptions,
  anthropic,
  azureOpenAI,
  gemini,
  type OpenAiCompatibleOptions,
  openAiCompatible,
  openai,
} from './provider/provider-shapes.js';
export type { Timeouts } from './provider/timeouts.js';
export { type ProxyHandler, proxy } from './proxy/middleware.js';
export type { ProxyOptions } from './proxy/options.js';
export { type Resilience, resilience } from './resilience/resilience.js';
export type {
  BreakerOptions,
  HedgeOptions,
  ResilienceOptions,
  RetryOptions,
} from './resilience/resilience-options.js';
export { classifyPrompt, type UsualTask } from './route/classify-prompt.js';
export { decideRoute } from './route/decide-route.js';
export type { RouteCandidate, RouteDecision, RouteExclusion, RouteInputs } from './route/route-inputs.js';
export type { PolledPrice, RouteFacts, RouteSource } from './route/route-source.js';
export { type Router, router } from './route/router.js';
export type { RoutedModel, RouterOptions, RouteTask } from './route/router-options.js';
export type { ServiceLevel, ServiceLevelOf } from './route/service-level.js';
