import type { QuotaStore } from '@tollgate/core';
import type { QuotaCounter } from '@tollgate/core/internal';
import { type Outbox, outbox, type RedisQuotaOptions, redisQuota } from '../src/index.js';
import type { MemoryLedger } from './memory-ledger.js';
import { Spender } from './spender.js';
import { spend as perMonth } from './spending.js';

/** What `tollgate({ redis, database })` makes of one process, on a ledger of the test's. */
export interface AppOnLedger {
  readonly store: QuotaStore;
  readonly delivery: Outbox;
  readonly spender: Spender;
  end(): Promise<void>;
}

/** The budget that tests spend from: 100 a month. */
export const spend: QuotaCounter = { ...perMonth, limit: 100 };

/** `isRebuilt: false`: the ledger takes events, and is never asked. */
export function appOnLedger(
  ledger: MemoryLedger,
  {
    isRebuilt = true,
    claimAfterMs = 1_000,
    ...options
  }: RedisQuotaOptions & { readonly isRebuilt?: boolean; readonly claimAfterMs?: number },
  counters: readonly QuotaCounter[] = [spend],
): AppOnLedger {
  const store = redisQuota({
    outbox: true,
    ...(isRebuilt && { spent: ledger }),
    deadlineMs: 1_000,
    sweepEveryMs: 200,
    rememberRefusalsMs: 0,
    ...options,
  });
  const { client, cluster, prefix, partitions } = options;
  const delivery = outbox({
    ...(client && { client }),
    ...(cluster && { cluster }),
    ...(prefix && { prefix }),
    ...(partitions && { partitions }),
    sinks: [ledger],
    pollMs: 50,
    claimAfterMs,
  });
  return {
    store,
    delivery,
    spender: new Spender(store, counters),
    async end() {
      await store.end();
      await delivery.end();
    },
  };
}
