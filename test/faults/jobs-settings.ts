import type { ApiKeyRecord } from '@tollgate/core/internal';

/** What an app that defers is started with, as JSON in its first argument. */
export interface JobsSettings {
  redisPort: number;
  providerUrl: string;
  /** Of the keys in Redis, and name of the queue. */
  prefix: string;
  /** The one key that may ask. */
  record: ApiKeyRecord;
  maxInterruptions: number;
  /** Does jobs as well; else it only takes them and answers about them. */
  works: boolean;
}

export const leaseMs = 5_000;
export const lockMs = 2_000;
/** A bucket that refills by 100 tokens a second, from half of which on work that may wait is deferred. */
export const tokens = { limit: '6000/min', window: 'bucket', burst: 1_000 } as const;
export const spend = '$100/month';
