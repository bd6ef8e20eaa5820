import { memoryQuota, type QuotaStore } from '@tollgate/core';
import type { RateLimitOptions } from '@tollgate/rate-limit';
import { type ConnectionOptions, outbox, rateLimitStores, redisQuota, storeHealth } from '@tollgate/redis';
import { OwnRedis } from './own-redis.js';
import { readRedisSetting } from './redis-options.js';
import type { TollgateOptions } from './tollgate-options.js';

/** Where an app counts. */
export interface Stores {
  readonly quota: QuotaStore;
  /** Absent: in memory. */
  readonly rateLimits: NonNullable<RateLimitOptions['stores']> | undefined;
  /** How long the stores may take, where the app has said so. */
  readonly deadlineMs: number | undefined;
  /** `false` while requests would be refused because the shared counters are away. */
  readonly answers: boolean;
  /** Hands over what is still to be written, and closes what was opened here. */
  end(): Promise<void>;
}

/** The app's own store, else counters on Redis where it is given, else in memory. Throws a `TypeError` for wrong options. */
export function storesOf(options: TollgateOptions): Stores {
  if (options.redis !== undefined) return storesOnRedis(options, options.redis);
  const quota = options.store ?? memoryQuota({ sinks: options.sinks ?? [] });
  return { quota, rateLimits: undefined, deadlineMs: undefined, answers: true, end: () => quota.end() };
}

function storesOnRedis(options: TollgateOptions, setting: NonNullable<TollgateOptions['redis']>): Stores {
  const { sinks = [] } = options;
  const {
    url,
    outbox: delivers = sinks.length > 0,
    partitions,
    rememberRefusalsMs,
    slices = options.budget?.whenStoreDown === 'grace' ? 'grace' : 'wide',
    sliceLeaseMs = 15_000,
    ...rest
  } = readRedisSetting(setting);
  const own = url === undefined ? undefined : new OwnRedis(url);
  const { prefix, deadlineMs, ...given } = rest;
  const connection: ConnectionOptions = own ? { client: own } : given;
  const keys = { ...connection, ...(prefix !== undefined && { prefix }) };
  const timed = { ...keys, ...(deadlineMs !== undefined && { deadlineMs }) };
  const parts = partitions === undefined ? {} : { partitions };
  const memory = rememberRefusalsMs === undefined ? {} : { rememberRefusalsMs };
  const quota = redisQuota({ ...timed, ...parts, ...memory, slices, sliceLeaseMs, outbox: delivers });
  const delivery = delivers && sinks.length > 0 ? outbox({ ...keys, ...parts, sinks }) : undefined;
  const health = refusesWithout(options) ? storeHealth(quota) : undefined;
  return {
    quota,
    rateLimits: rateLimitStores(timed),
    deadlineMs,
    get answers() {
      return health?.isHealthy ?? true;
    },
    async end() {
      health?.end();
      await quota.end();
      await delivery?.end();
      await own?.close();
    },
  };
}

/** Whether requests are refused while the shared counters are away. */
function refusesWithout({ mode = 'enforce', budget, rateLimit }: TollgateOptions): boolean {
  if (mode !== 'enforce') return false;
  return (budget?.whenStoreDown ?? 'closed') === 'closed' || rateLimit?.whenStoreDown === 'closed';
}
