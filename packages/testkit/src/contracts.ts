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
