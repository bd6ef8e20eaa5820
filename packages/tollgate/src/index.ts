export {
  childCredentials,
  createKey,
  envKeys,
  keyCallers,
  memoryKeys,
  memoryOverrides,
} from '@tollgate/auth';
export {
  answerError,
  type Caller,
  contextOf,
  counterOf,
  definePlans,
  formatUsd,
  isTollgateError,
  type KeyStore,
  memoryQuota,
  memorySwitch,
  type PlanDeclaration,
  spend,
  subscribe,
  type TollgateContext,
  TollgateError,
  type UsageEvent,
  type UsageSink,
} from '@tollgate/core';
export { injection, pattern, personalData, secrets } from '@tollgate/guardrails';
export { bullJobs, memoryJobs } from '@tollgate/jobs';
export { callbackSink, jsonLines, labels, priceCatalogue, pricing } from '@tollgate/meter';
export { database, registry } from '@tollgate/postgres';
export { storeHealth } from '@tollgate/redis';
export { exportEvents, reports } from '@tollgate/reports';
export { metrics } from '@tollgate/telemetry';
export {
  anthropic,
  azureOpenAI,
  bedrock,
  gemini,
  openAiCompatible,
  openai,
  type Provider,
  proxy,
  resilience,
  resilient,
  router,
} from '@tollgate/upstream';
export { email, fileSwitch, type Mitigation, pagerDuty, slack, webhook } from '@tollgate/watch';
export { tollgate } from './tollgate.js';
export type { TollgateOptions } from './tollgate-options.js';
export type { Tollgate } from './tollgate-parts.js';
