import type { Store } from 'express-rate-limit';
import type { RateLimitCommands } from './rate-limit-commands.js';
import { taggedKey } from './rate-limit-key.js';
import { slideBackScript, slideScript } from './rate-limit-scripts.js';

/** Sliding windows on Redis, by the server's clock: a store of express-rate-limit that counts a request as one or several. */
export class SlidingStore implements Store {
  /** Read by `rateLimit()`: it needs no breaker in front of this store. */
  readonly hasBreaker = true;
  readonly slides = true;

  constructor(
    readonly prefix: string,
    private readonly windowMs: number,
    private readonly commands: RateLimitCommands,
  ) {}

  increment(key: string) {
    return this.incrementBy(key, 1, Number.MAX_SAFE_INTEGER);
  }

  /** `resetTime`: when the count will have fallen to `limit`, or when its oldest request leaves. */
  incrementBy(key: string, cost: number, limit: number) {
    return this.#slide(key, cost, limit);
  }

  async get(key: string) {
    const found = await this.#slide(key, 0, Number.MAX_SAFE_INTEGER);
    return found.totalHits > 0 ? found : undefined;
  }

  async decrement(key: string): Promise<void> {
    await this.decrementBy(key, 1, Date.now());
  }

  /** Takes back requests that were counted at a time of the server's clock. */
  async decrementBy(key: string, cost: number, countedAtMs: number): Promise<void> {
    await this.commands.run(this.#keyOf(key), slideBackScript, countedAtMs, cost);
  }

  async resetKey(key: string): Promise<void> {
    const name = this.#keyOf(key);
    await this.commands.send({ key: name, isReadOnly: false, command: ['DEL', name] });
  }

  async #slide(key: string, cost: number, limit: number) {
    const reply = await this.commands.run(this.#keyOf(key), slideScript, this.windowMs, cost, limit);
    const [totalHits = Number.NaN, waitMs = 0, countedAtMs = 0] = (Array.isArray(reply) ? reply : []).map(
      Number,
    );
    return { totalHits, resetTime: new Date(Date.now() + waitMs), countedAtMs };
  }

  #keyOf(key: string): string {
    return `${this.prefix}${taggedKey(key)}`;
  }
}
