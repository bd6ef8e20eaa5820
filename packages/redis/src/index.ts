export {
  type CheckLeasesOptions,
  checkLeases,
  type LeaseCheck,
  type OverdueLease,
} from './check-leases.js';
export type {
  ClusterClient,
  CommandClient,
  CommandOptions,
  ConnectionOptions,
  SentinelClient,
} from './connection.js';
export { acceptsSlices, type RedisQuotaOptions } from './options.js';
export { type Outbox, type OutboxLag, outbox } from './outbox.js';
export type { OutboxOptions } from './outbox-options.js';
export type { RateLimitStoresOptions } from './rate-limit-options.js';
export { rateLimitStores } from './rate-limit-stores.js';
export { type RedisAlertsOptions, redisAlerts } from './redis-alerts.js';
export { type RedisCacheOptions, redisCache } from './redis-cache.js';
export { type RedisClaimsOptions, redisClaims } from './redis-claims.js';
export { type RedisProvidersOptions, redisProviders } from './redis-providers.js';
export { redisQuota } from './redis-quota.js';
export { type HintClient, type RedisSwitchOptions, redisSwitch } from './redis-switch.js';
export { type RepairCountersOptions, type RepairedCounter, repairCounters } from './repair-counters.js';
export { type StoreHealth, type StoreHealthOptions, storeHealth } from './store-health.js';
export {
  type StoreFault,
  StoreUnavailableError,
  type StoreUnavailableFacts,
} from './store-unavailable-error.js';
export { type UsageFeed, type UsageFeedOptions, usageFeed } from './usage-feed.js';
