export { type AlertStoreUnderTest, alertStoreContract } from './alert-store-contract.js';
export { type ClaimsUnderTest, claimsContract } from './claims-contract.js';
export { quotaAgreement } from './quota-agreement.js';
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
export { quotaProperties } from './quota-properties.js';
export type { QuotaPropertyOptions } from './quota-property-ground.js';
export { isSound } from './quota-sound.js';
export { type TraceCommand, traces } from './quota-trace.js';
export { type SwitchUnderTest, switchContract } from './switch-contract.js';
