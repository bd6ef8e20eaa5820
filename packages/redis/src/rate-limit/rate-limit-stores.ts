import type { Store } from 'express-rate-limit';
import { RedisStore } from 'rate-limit-redis';
import { RateLimitCommands } from './rate-limit-commands.js';
import { taggedKey } from './rate-limit-key.js';
import { type RateLimitStoresOptions, readRateLimitOptions } from './rate-limit-options.js';
import { countSeveralScript, giveBackScript } from './rate-limit-scripts.js';
import { SlidingStore } from './sliding-store.js';

/** Makes the store for one window length and kind. */
type MakeStore = (name: string, windowMs: number, window?: 'fixed' | 'sliding') => Store;

/**
 * The stores of `rateLimit({ stores })` on Redis, one for each window length and kind, for processes that share their limits. All counts of
 * one request are sent together. A store rejects while Redis is away, and `rateLimit()` then acts by its `whenStoreDown`. Throws a
 * `TypeError` for a wrong or unknown option.
 */
export function rateLimitStores(options: RateLimitStoresOptions): MakeStore {
  const { connection, prefix, deadlineMs } = readRateLimitOptions(options);
  const commands = new RateLimitCommands(connection, deadlineMs);
  return (name, windowMs, window = 'fixed') => {
    const keyPrefix = `${prefix}:rate:${name}:`;
    if (window === 'sliding') return new SlidingStore(keyPrefix, windowMs, commands);
    return new FixedStore(keyPrefix, windowMs, commands);
  };
}

/** rate-limit-redis, which counts one at a time, and our own script for requests that count as several. */
class FixedStore extends RedisStore {
  /** Read by `rateLimit()`: it needs no breaker in front of this store. */
  readonly hasBreaker = true;

  constructor(
    prefix: string,
    private readonly ofMs: number,
    private readonly commands: RateLimitCommands,
  ) {
    super({ prefix, sendCommandCluster: (details) => commands.send(details) });
  }

  override prefixKey(key: string): string {
    return `${this.prefix}${taggedKey(key)}`;
  }

  async incrementBy(key: string, cost: number) {
    const reply = await this.commands.run(this.prefixKey(key), countSeveralScript, this.ofMs, cost);
    const [totalHits, waitMs] = (Array.isArray(reply) ? reply : []).map(Number);
    return {
      totalHits: totalHits ?? Number.NaN,
      resetTime: new Date(Date.now() + (waitMs ?? this.ofMs)),
      countedAtMs: 0,
    };
  }

  async decrementBy(key: string, cost: number): Promise<void> {
    await this.commands.run(this.prefixKey(key), giveBackScript, cost);
  }
}
