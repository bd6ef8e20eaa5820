export { type AlertStoreUnderTest, alertStoreContract } from './alert-store-contract.js';
export { type CacheStoreUnderTest, cacheStoreContract } from './cache-store-contract.js';
export { type ClaimsUnderTest, claimsContract } from './claims-contract.js';
export { inMemory } from './memory-processes.js';
export { mitigationContract } from './mitigation-contract.js';
export { type ProviderStoreUnderTest, providerStoreContract } from './provider-store-contract.js';
export { type MakeProcesses, type QuotaProcesses, quotaAgreement } from './quota-agreement.js';
export { quotaContract } from './quota-contract.js';
export {
  admitted,
  bucketCounter,
  calendar,
  itemFor,
  liveCounter,
  QuotaTenant,
  type QuotaUnderTest,
  quotaCounter,
  refusal,
  usageEvent,
} from './quota-fixture.js';
export { QuotaModel } from './quota-model.js';
export { type PlayOptions, playTrace } from './quota-play.js';
export { QuotaPlayer } from './quota-player.js';
export { quotaProperties } from './quota-properties.js';
export { propertyRuns, type QuotaPropertyOptions } from './quota-property-ground.js';
export { ask } from './quota-request.js';
export { isSound } from './quota-sound.js';
export { statesOf } from './quota-states.js';
export { honestTraces, type TraceCommand, traces } from './quota-trace.js';
export { type SwitchUnderTest, switchContract } from './switch-contract.js';
