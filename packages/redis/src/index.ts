export type {
  ClusterClient,
  CommandClient,
  CommandOptions,
  ConnectionOptions,
  SentinelClient,
} from './connection.js';
export type { RedisQuotaOptions } from './options.js';
export { redisQuota } from './redis-quota.js';
export {
  type StoreFault,
  StoreUnavailableError,
  type StoreUnavailableFacts,
} from './store-unavailable-error.js';
