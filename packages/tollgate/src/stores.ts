import { join } from 'node:path';
import {
  type CacheStore,
  type ClaimStore,
  memoryQuota,
  memorySwitch,
  type QuotaStore,
  type SwitchStore,
  type UsageSink,
} from '@tollgate/core';
import type { AlertStore, LearnedStore, ProviderStore } from '@tollgate/core/internal';
import { type Ledger, ledger, sqlLearned } from '@tollgate/postgres';
import type { RateLimitOptions } from '@tollgate/rate-limit';
import {
  type ConnectionOptions,
  type OutboxLag,
  outbox,
  rateLimitStores,
  redisAlerts,
  redisCache,
  redisClaims,
  redisLearned,
  redisProviders,
  redisQuota,
  redisSwitch,
  storeHealth,
  usageFeed,
} from '@tollgate/redis';
import type { Opened } from './opened.js';
import { OwnRedis } from './own-redis.js';
import { readRedisSetting } from './redis-options.js';
import type { TollgateOptions } from './tollgate-options.js';

/** Where an app counts. */
export interface Stores {
  readonly quota: QuotaStore;
  /** Absent: in memory. */
  readonly rateLimits: NonNullable<RateLimitOptions['stores']> | undefined;
  /** The app's deadline for the stores, if it sets one. */
  readonly deadlineMs: number | undefined;
  /** `false` while requests would be refused because the shared counters are away. */
  readonly answering: boolean;
  readonly ledger: Ledger | undefined;
  /** Where answers to calls are kept; absent: in memory. */
  readonly answers: CacheStore | undefined;
  /** Where alerts are kept; absent: in memory. */
  readonly alerts: AlertStore | undefined;
  /** Where `watch()` keeps what it learns; absent: nowhere. */
  readonly learned: LearnedStore | undefined;
  /** Cluster-wide claims; absent: there is only this process. */
  readonly claims: ClaimStore | undefined;
  /** Provider state shared by processes; absent: each process has its own. */
  readonly providers: ProviderStore | undefined;
  /** Absent: nothing can be switched off. */
  readonly switch: SwitchStore | undefined;
  /** How far delivery from Redis is behind; absent: this process delivers none. */
  readonly outboxLag?: (() => Promise<OutboxLag>) | undefined;
  /** Delivers pending writes, and closes the resources opened here. */
  end(): Promise<void>;
}

/** How long the first requests may wait, in ms, for an embedded database to return earlier spend; after that counters in memory respond at once. */
const restoringMs = 30_000;

/**
 * The app's own store, else counters on Redis where it is given, else in memory. `feed` sees the usage events of all processes, but for those of the
 * app's own store. Throws a `TypeError` for wrong options.
 */
export function storesOf(options: TollgateOptions, opened: Opened, feed?: UsageSink): Stores {
  const books = ledgerOf(options);
  if (books) opened.add(books, (one) => one.close());
  const sinks = [...(options.sinks ?? []), ...(books ? [books] : [])];
  if (options.redis !== undefined) return storesOnRedis(options, options.redis, opened, sinks, books, feed);
  const all = feed ? [...sinks, feed] : sinks;
  const { now } = options;
  const quota =
    options.store ??
    opened.add(memoryQuota({ sinks: all, ...(now && { now }), ...(books && { spent: books }) }), (one) =>
      one.end(),
    );
  return {
    quota,
    rateLimits: undefined,
    deadlineMs: books && restoringMs,
    answering: true,
    ledger: books,
    answers: undefined,
    alerts: undefined,
    learned: books && sqlLearned({ database: books.database }),
    claims: undefined,
    providers: undefined,
    switch: switchIsOurs(options) ? memorySwitch() : ownSwitch(options),
    end: () => quota.end(),
  };
}

/** Events of this process wait on the disk while the database is away; those of Redis wait there. */
function ledgerOf({ database, redis }: TollgateOptions): Ledger | undefined {
  if (database === undefined) return undefined;
  const waitsHere = redis === undefined && database.directory === undefined;
  return ledger({ ...(waitsHere && { spool: join('.tollgate', 'spool') }), ...database });
}

function storesOnRedis(
  options: TollgateOptions,
  setting: NonNullable<TollgateOptions['redis']>,
  opened: Opened,
  sinks: readonly UsageSink[],
  books: Ledger | undefined,
  feed: UsageSink | undefined,
): Stores {
  const {
    url,
    outbox: asked,
    partitions,
    rememberRefusalsMs,
    slices = options.budget?.whenStoreDown === 'grace' ? 'grace' : 'wide',
    sliceLeaseMs = 15_000,
    spent = books,
    ...rest
  } = readRedisSetting(setting);
  if (feed && asked === false) {
    throw new TypeError('tollgate: redis: "watch" sees what all processes spend by "outbox", which is false');
  }
  const delivers = asked ?? (sinks.length > 0 || feed !== undefined);
  const own = url === undefined ? undefined : opened.add(new OwnRedis(url), (one) => one.close());
  const { prefix, deadlineMs, ...given } = rest;
  const connection: ConnectionOptions = own ? { client: own } : given;
  const keys = { ...connection, ...(prefix !== undefined && { prefix }) };
  const timed = { ...keys, ...(deadlineMs !== undefined && { deadlineMs }) };
  const parts = partitions === undefined ? {} : { partitions };
  const memory = rememberRefusalsMs === undefined ? {} : { rememberRefusalsMs };
  const rebuilt = delivers && spent ? { spent } : {};
  const quota = opened.add(
    redisQuota({ ...timed, ...parts, ...memory, ...rebuilt, slices, sliceLeaseMs, outbox: delivers }),
    (one) => one.end(),
  );
  // Also without sinks, so that nothing accumulates, unless the app has declared another reader.
  const reads = delivers && (sinks.length > 0 || asked === undefined);
  const readers = sinks.length > 0 ? sinks : [nobody];
  const delivery = reads
    ? opened.add(outbox({ ...keys, ...parts, sinks: readers }), (one) => one.end())
    : undefined;
  const shown = feed && opened.add(usageFeed({ ...keys, ...parts, sink: feed }), (one) => one.end());
  const health = refusesWithout(options) ? opened.add(storeHealth(quota), (one) => one.end()) : undefined;
  return {
    quota,
    rateLimits: rateLimitStores(timed),
    deadlineMs,
    outboxLag: delivery && (() => delivery.lag()),
    ledger: books,
    answers: redisCache(timed),
    alerts: redisAlerts(timed),
    learned: redisLearned(keys),
    claims: redisClaims(timed),
    providers: redisProviders(timed),
    switch: switchIsOurs(options)
      ? redisSwitch({ ...timed, ...(own && { hints: own.hints() }) })
      : ownSwitch(options),
    get answering() {
      return health?.isHealthy ?? true;
    },
    async end() {
      health?.end();
      await quota.end();
      await shown?.end();
      await delivery?.end();
      await own?.close();
    },
  };
}

const nobody: UsageSink = Object.freeze({ write: () => undefined });

/** Requested by the app, or needed by `watch`. */
const switchIsOurs = ({ switch: asked, watch }: TollgateOptions): boolean =>
  asked === true || (asked === undefined && watch !== undefined);

const ownSwitch = ({ switch: given }: TollgateOptions): SwitchStore | undefined =>
  given === true ? undefined : given;

/** Whether requests are refused while the shared counters are away. */
function refusesWithout({ mode = 'enforce', budget, rateLimit }: TollgateOptions): boolean {
  if (mode !== 'enforce') return false;
  return (budget?.whenStoreDown ?? 'closed') === 'closed' || rateLimit?.whenStoreDown === 'closed';
}
