import type { Store } from 'express-rate-limit';
import { RedisStore } from 'rate-limit-redis';
import { RateLimitCommands } from './rate-limit-commands.js';
import { taggedKey } from './rate-limit-key.js';
import { type RateLimitStoresOptions, readRateLimitOptions } from './rate-limit-options.js';

/**
 * The stores of `rateLimit({ stores })` on Redis, one for each window length, for processes that share their limits. All counts of one
 * request are sent together. A store rejects while Redis is away, and `rateLimit()` then acts by its `whenStoreDown`. Throws a `TypeError`
 * for a wrong or unknown option.
 */
export function rateLimitStores(options: RateLimitStoresOptions): (name: string, windowMs: number) => Store {
  const { connection, prefix, deadlineMs } = readRateLimitOptions(options);
  const commands = new RateLimitCommands(connection, deadlineMs);
  return (name) => new TaggedStore(`${prefix}:rate:${name}:`, commands);
}

class TaggedStore extends RedisStore {
  /** Read by `rateLimit()`: it needs no breaker in front of this store. */
  readonly hasBreaker = true;

  constructor(prefix: string, commands: RateLimitCommands) {
    super({ prefix, sendCommandCluster: (details) => commands.send(details) });
  }

  override prefixKey(key: string): string {
    return `${this.prefix}${taggedKey(key)}`;
  }
}
