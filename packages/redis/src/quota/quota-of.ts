import type { QuotaStore } from '@tollgate/core';
import type { ReadOptions } from '../connection/options.js';
import { SliceStore } from '../slices/slice-store.js';
import { SlicedQuota } from '../slices/sliced-quota.js';
import { HeardClock, type SliceClock } from '../slices/store-clock.js';
import { RedisQuotaStore, type StoreSeams } from './redis-quota-store.js';
import { WideQuota } from './wide-quota.js';

/** Seconds of usage that are leased ahead: where the store may go away, enough to notice it and to continue for a while. */
const secondsAhead = { wide: 1, grace: 5 } as const;

/** The store of these options: scripts on Redis, and in front of them slices in memory. */
export function quotaOf(
  options: ReadOptions,
  seams: StoreSeams = {},
  clock: SliceClock = new HeardClock(),
): QuotaStore {
  const { slices: use, sliceLeaseMs: leaseMs, outbox } = options;
  const store = new RedisQuotaStore(options, seams);
  const events = outbox && use !== 'wide';
  const slices = new SliceStore({ store, clock, leaseMs, secondsAhead: secondsAhead[use], events });
  const wide = new WideQuota(store, slices);
  return use === 'wide' ? wide : new SlicedQuota(wide, slices, outbox);
}
