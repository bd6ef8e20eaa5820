import { type CacheStore, memoryCache, type Plans } from '@tollgate/core';
import {
  accepts,
  acceptsPlans,
  checkOptions,
  type GuardOptions,
  guardChecks,
  StoreClient,
} from '@tollgate/core/internal';

/** Options of {@link cache}. */
export interface CacheOptions extends Pick<GuardOptions, 'mode'> {
  /** Where answers are kept: `redisCache()` for all processes together. @defaultValue memoryCache(), 64 MiB in this process */
  store?: CacheStore;
  /**
   * The calls to cache. `deterministic`: calls that request the same response for the same prompt (`temperature: 0` or a `seed`, and no
   * tool that the provider runs), and embeddings. `always`: every call. @defaultValue 'deterministic'
   */
  when?: 'deterministic' | 'always';
  /** Who shares answers: a tenant; or, within a tenant, a user or a key, with the caller's id where it has none. @defaultValue 'tenant' */
  by?: 'tenant' | 'user' | 'key';
  /** How old an answer may be, in ms. Positive integer. @defaultValue 600_000 (10 minutes) */
  maxAgeMs?: number;
  /**
   * The largest age where a plan's ladder has `cache: 'first'`, in ms; not less than `maxAgeMs`. Positive integer. @defaultValue 86_400_000
   * (a day)
   */
  staleMs?: number;
  /** Longest answer that is kept, in bytes. Positive integer. @defaultValue 262_144 (256 KiB) */
  maxAnswerBytes?: number;
  /** Plans of `definePlans()`: callers whose ladder has a step `cache: 'first'` have all their answers kept. @defaultValue no ladders */
  plans?: Plans;
  /** How long the store may take, in ms; later is a miss. Positive integer. @defaultValue 150 */
  storeDeadlineMs?: number;
  /** Clock, ms since the epoch; the same in all processes that share a store. @defaultValue Date.now */
  now?: () => number;
}

/** {@link CacheOptions}, checked and complete. */
export type CacheSettings = Required<Omit<CacheOptions, 'plans' | 'store'>> & {
  readonly plans: Plans | undefined;
  readonly store: StoreClient<CacheStore>;
};

/** Throws a `TypeError` for a wrong or unknown option. */
export function readOptions(options: CacheOptions): CacheSettings {
  checkOptions<CacheOptions>('cache', options, {
    store: accepts.methods('get', 'set'),
    when: accepts.oneOf('deterministic', 'always'),
    by: accepts.oneOf('tenant', 'user', 'key'),
    maxAgeMs: accepts.positiveInteger,
    staleMs: accepts.positiveInteger,
    maxAnswerBytes: accepts.positiveInteger,
    plans: acceptsPlans,
    storeDeadlineMs: accepts.positiveInteger,
    now: accepts.function,
    mode: guardChecks.mode,
  });
  const { maxAgeMs = 600_000 } = options;
  const { staleMs = Math.max(86_400_000, maxAgeMs) } = options;
  if (staleMs < maxAgeMs) {
    throw new TypeError(
      `cache: "staleMs" must be at least "maxAgeMs", which is ${maxAgeMs}, received ${staleMs}`,
    );
  }
  const store = options.store ?? memoryCache(options.now && { now: options.now });
  const storeDeadlineMs = options.storeDeadlineMs ?? 150;
  return {
    store: new StoreClient(store, { deadlineMs: storeDeadlineMs }),
    when: options.when ?? 'deterministic',
    by: options.by ?? 'tenant',
    maxAgeMs,
    staleMs,
    maxAnswerBytes: options.maxAnswerBytes ?? 262_144,
    plans: options.plans,
    storeDeadlineMs,
    now: options.now ?? Date.now,
    mode: options.mode ?? 'enforce',
  };
}
