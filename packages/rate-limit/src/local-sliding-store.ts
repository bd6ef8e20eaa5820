import type { ClientRateLimitInfo, Options } from 'express-rate-limit';
import { SlidingLog } from './sliding-log.js';
import type { WeightedCount, WeightedStore } from './weighted-store.js';

/** Counters that one window keeps at most; beyond them the least recently used is forgotten. */
const maxCounters = 100_000;
/** Times that all counters of a window keep together: about 20 MB. */
const maxTimes = 1_000_000;

/** Sliding windows in this process's memory, bounded. */
export class LocalSlidingStore implements WeightedStore {
  readonly localKeys = true;
  readonly slides = true;
  /** From the least to the most recently used. */
  readonly #logs = new Map<string, SlidingLog>();
  readonly #now: () => number;
  readonly #maxCounters: number;
  readonly #maxTimes: number;
  #times = 0;
  #windowMs = 60_000;

  constructor(now: () => number, bounds: { counters?: number; times?: number } = {}) {
    this.#now = now;
    this.#maxCounters = bounds.counters ?? maxCounters;
    this.#maxTimes = bounds.times ?? maxTimes;
  }

  init({ windowMs }: Pick<Options, 'windowMs'>): void {
    this.#windowMs = windowMs;
  }

  /** Counters in memory, including those whose requests have all left and that were not used since. */
  get size(): number {
    return this.#logs.size;
  }

  get(key: string): ClientRateLimitInfo | undefined {
    const log = this.#logs.get(key);
    if (!log) return undefined;
    this.#change(log, () => log.expire(this.#now()));
    return log.total > 0 ? countOf(log, Number.MAX_SAFE_INTEGER) : undefined;
  }

  increment(key: string): WeightedCount {
    return this.incrementBy(key, 1, Number.MAX_SAFE_INTEGER);
  }

  incrementBy(key: string, cost: number, limit: number): WeightedCount {
    const now = this.#now();
    const log = this.#logs.get(key) ?? new SlidingLog(this.#windowMs);
    this.#logs.delete(key);
    this.#sweep(now);
    this.#logs.set(key, log);
    const countedAtMs = this.#change(log, () => {
      log.expire(now);
      return log.add(now, cost);
    });
    return { ...countOf(log, limit), countedAtMs };
  }

  decrement(key: string): void {
    this.decrementBy(key, 1, this.#now());
  }

  decrementBy(key: string, cost: number, countedAtMs: number): void {
    const log = this.#logs.get(key);
    if (log) this.#change(log, () => log.remove(countedAtMs, cost));
  }

  resetKey(key: string): void {
    this.#times -= this.#logs.get(key)?.size ?? 0;
    this.#logs.delete(key);
  }

  resetAll(): void {
    this.#logs.clear();
    this.#times = 0;
  }

  #change<Result>(log: SlidingLog, change: () => Result): Result {
    const before = log.size;
    const result = change();
    this.#times += log.size - before;
    return result;
  }

  /** The map is in order of use: two steps for each count keep up with counters that are over. */
  #sweep(now: number): void {
    for (let step = 0; step < 2; step += 1) {
      const [oldest] = this.#logs;
      if (!oldest) return;
      const [key, log] = oldest;
      this.#change(log, () => log.expire(now));
      if (log.size > 0 && this.#logs.size < this.#maxCounters && this.#times < this.#maxTimes) return;
      this.resetKey(key);
    }
  }
}

function countOf(log: SlidingLog, limit: number): ClientRateLimitInfo {
  const fallsToMs = log.fallsToMs(limit);
  return { totalHits: log.total, resetTime: fallsToMs === undefined ? undefined : new Date(fallsToMs) };
}
