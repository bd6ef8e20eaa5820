export {
  type AuthenticateOptions,
  apiKeyStrategy,
  authenticate,
  createKey,
  type EnvKeysOptions,
  envKeys,
  type IssuedKey,
  type JwtOptions,
  jwtStrategy,
  type MemoryKeys,
  memoryKeys,
  type NewKey,
  requireScope,
} from '@tollgate/auth';
export { type BudgetMiddleware, type BudgetOptions, budget, type ThresholdEvent } from '@tollgate/budget';
export {
  type ApiKeyRecord,
  answerError,
  type Caller,
  type CounterState,
  counterOf,
  definePlans,
  formatUsd,
  inputTokens,
  isTollgateError,
  type JsonBodyOptions,
  jsonBody,
  type KeyStore,
  type Limit,
  memoryQuota,
  type NanoUsd,
  outputTokens,
  type Plan,
  type PlanDeclaration,
  type Plans,
  parseUsd,
  type QuotaStore,
  requests,
  spend,
  subscribe,
  type TollgateContext,
  TollgateError,
  type TollgateErrorCode,
  tokens,
  tollgateErrors,
  type Usage,
  type UsageEvent,
  type UsageSink,
} from '@tollgate/core';
export {
  callbackSink,
  jsonLines,
  labels,
  type MeterOptions,
  meter,
  meteredFetch,
  runWith,
} from '@tollgate/meter';
export { type RateLimitOptions, rateLimit } from '@tollgate/rate-limit';
export {
  type Outbox,
  type OutboxOptions,
  outbox,
  type RateLimitStoresOptions,
  type RedisQuotaOptions,
  rateLimitStores,
  redisQuota,
} from '@tollgate/redis';
export {
  anthropic,
  azureOpenAI,
  gemini,
  openAiCompatible,
  openai,
  type Provider,
  type ProxyOptions,
  provider,
  proxy,
} from '@tollgate/upstream';
export type { RedisOptions, RedisSetting } from './redis-options.js';
export { type Tollgate, tollgate } from './tollgate.js';
export type { TollgateOptions } from './tollgate-options.js';
export type { UsageLine } from './usage-report.js';
