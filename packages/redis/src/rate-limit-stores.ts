import type { Store } from 'express-rate-limit';
import { RedisStore } from 'rate-limit-redis';
import { RateLimitCommands } from './rate-limit-commands.js';
import { taggedKey } from './rate-limit-key.js';
import { type RateLimitStoresOptions, readRateLimitOptions } from './rate-limit-options.js';

/**
 * The stores of `rateLimit({ stores })` on Redis, one for each window length, for processes that share their limits. What one request
 * is counted in is sent in one go. A store rejects while Redis is away, and `rateLimit()` does then what its `whenStoreDown` says. Throws
 * a `TypeError` for a wrong or unknown option.
 */
export function rateLimitStores(options: RateLimitStoresOptions): (name: string, windowMs: number) => Store {
  const { connection, prefix, deadlineMs } = readRateLimitOptions(options);
  const commands = new RateLimitCommands(connection, deadlineMs);
  return (name) => new TaggedStore(`${prefix}:rate:${name}:`, commands);
}

class TaggedStore extends RedisStore {
  /** Read by `rateLimit()`: nobody needs to leave the servers alone for it. */
  readonly hasBreaker = true;

  constructor(prefix: string, commands: RateLimitCommands) {
    super({ prefix, sendCommandCluster: (details) => commands.send(details) });
  }

  override prefixKey(key: string): string {
    return `${this.prefix}${taggedKey(key)}`;
  }
}
