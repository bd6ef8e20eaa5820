import type { ClientRateLimitInfo, Options } from 'express-rate-limit';
import type { WeightedCount, WeightedStore } from './weighted-store.js';

/** Counters that one window keeps at most; beyond them the oldest is forgotten. About 20 MB at its fullest. */
const maxCounters = 100_000;

interface Counter {
  hits: number;
  readonly resetsAtMs: number;
  readonly resetTime: Date;
}

/**
 * Fixed windows in this process's memory. Beside express-rate-limit's own it is bounded, takes its clock as an argument,
 * and answers with a copy: its own hands out the live counter, which requests of the same tick have moved on before it is read.
 */
export class LocalStore implements WeightedStore {
  readonly localKeys = true;
  readonly #counters = new Map<string, Counter>();
  readonly #now: () => number;
  readonly #max: number;
  #windowMs = 60_000;

  constructor(now: () => number, max: number = maxCounters) {
    this.#now = now;
    this.#max = max;
  }

  init({ windowMs }: Pick<Options, 'windowMs'>): void {
    this.#windowMs = windowMs;
  }

  /** Counters in memory, including those whose window is over and that were not used since. */
  get size(): number {
    return this.#counters.size;
  }

  get(key: string): ClientRateLimitInfo | undefined {
    const counter = this.#live(key, this.#now());
    return counter && { totalHits: counter.hits, resetTime: counter.resetTime };
  }

  increment(key: string): WeightedCount {
    return this.incrementBy(key, 1);
  }

  incrementBy(key: string, cost: number): WeightedCount {
    const now = this.#now();
    const counter = this.#live(key, now) ?? this.#open(key, now);
    counter.hits += cost;
    return { totalHits: counter.hits, resetTime: counter.resetTime, countedAtMs: now };
  }

  decrement(key: string): void {
    this.decrementBy(key, 1);
  }

  decrementBy(key: string, cost: number): void {
    const counter = this.#live(key, this.#now());
    if (counter) counter.hits = Math.max(0, counter.hits - cost);
  }

  resetKey(key: string): void {
    this.#counters.delete(key);
  }

  resetAll(): void {
    this.#counters.clear();
  }

  #live(key: string, now: number): Counter | undefined {
    const counter = this.#counters.get(key);
    return counter && counter.resetsAtMs > now ? counter : undefined;
  }

  #open(key: string, now: number): Counter {
    this.#counters.delete(key);
    this.#sweep(now);
    const resetsAtMs = now + this.#windowMs;
    const counter = { hits: 0, resetsAtMs, resetTime: new Date(resetsAtMs) };
    this.#counters.set(key, counter);
    return counter;
  }

  /** All windows are equally long, so the map's order is that of their ends: two steps for each new counter keep up. */
  #sweep(now: number): void {
    for (let step = 0; step < 2; step += 1) {
      const [oldest] = this.#counters;
      if (!oldest) return;
      const [key, counter] = oldest;
      if (counter.resetsAtMs > now && this.#counters.size < this.#max) return;
      this.#counters.delete(key);
    }
  }
}
