export type {
  ClusterClient,
  CommandClient,
  ConnectionOptions,
  SentinelClient,
} from './connection/connection.js';
export type { RedisQuotaOptions } from './connection/options.js';
export { type StoreFault, StoreUnavailableError } from './connection/store-unavailable-error.js';
export { type Outbox, type OutboxLag, outbox } from './outbox/outbox.js';
export type { OutboxOptions } from './outbox/outbox-options.js';
export { type UsageFeed, type UsageFeedOptions, usageFeed } from './outbox/usage-feed.js';
export {
  type CheckLeasesOptions,
  checkLeases,
  type LeaseCheck,
  type OverdueLease,
} from './quota/check-leases.js';
export { redisQuota } from './quota/redis-quota.js';
export { type RepairCountersOptions, type RepairedCounter, repairCounters } from './quota/repair-counters.js';
export type { RateLimitStoresOptions } from './rate-limit/rate-limit-options.js';
export { rateLimitStores } from './rate-limit/rate-limit-stores.js';
export { type RedisAlertsOptions, redisAlerts } from './stores/redis-alerts.js';
export { type RedisCacheOptions, redisCache } from './stores/redis-cache.js';
export { type RedisClaimsOptions, redisClaims } from './stores/redis-claims.js';
export { type RedisLearnedOptions, redisLearned } from './stores/redis-learned.js';
export { type RedisProvidersOptions, redisProviders } from './stores/redis-providers.js';
export { type HintClient, type RedisSwitchOptions, redisSwitch } from './stores/redis-switch.js';
export { type StoreHealth, type StoreHealthOptions, storeHealth } from './stores/store-health.js';
