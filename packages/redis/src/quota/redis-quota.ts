import type { QuotaStore } from '@tollgate/core';
import { type RedisQuotaOptions, readOptions } from '../connection/options.js';
import { quotaOf } from './quota-of.js';
import { RefusalMemory } from './refusal-memory.js';

/**
 * The quota engine on Redis: one budget for all processes, one script call for an admission and one for a settlement. Methods reject with
 * {@link StoreUnavailableError} when Redis fails or is late; such a request is not admitted. Publishes on `tollgate:reserve`,
 * `tollgate:settle`, `tollgate:threshold`, `tollgate:store` and `tollgate:fault`. Throws a `TypeError` for a wrong or unknown option.
 */
export function redisQuota(options: RedisQuotaOptions): QuotaStore {
  const read = readOptions('redisQuota', options);
  const store = quotaOf(read);
  const { rememberRefusalsMs: rememberMs } = read;
  return rememberMs === 0 ? store : new RefusalMemory(store, { rememberMs });
}
