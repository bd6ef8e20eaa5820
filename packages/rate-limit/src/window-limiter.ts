import { publish } from '@tollgate/core/internal';
import { rateLimit as expressRateLimit, type RateLimitRequestHandler, type Store } from 'express-rate-limit';
import { LocalSlidingStore } from './local-sliding-store.js';
import { LocalStore } from './local-store.js';
import { PendingCount, pendingCountOf } from './pending-count.js';
import { stepsOfWindow } from './sliding-log.js';
import { isWeighted, type WeightedCount, type WeightedStore } from './weighted-store.js';

/** A window's count for one key, this request included. */
export interface WindowCount {
  readonly limiter: WindowLimiter;
  readonly key: string;
  readonly over: boolean;
  readonly used: number;
  /** The requests that this one counted as. */
  readonly cost: number;
  /** Time of the count by the store's clock, in ms; 0 where the store does not need it. */
  readonly countedAtMs: number;
  /** When the window has room again, in ms since the epoch: after now, and at most a window away, independent of the store's clock. */
  readonly resetsAtMs: number;
}

const noResponse = Object.freeze({});

/**
 * One express-rate-limit instance, for all counters of one window length. Its headers are off: they hash the key on every request, which
 * costs more than all the counting. Sliding windows, and requests that count as several, are counted by the store itself and compared here.
 * Throws the errors of its validations at start.
 */
export class WindowLimiter {
  readonly #count: RateLimitRequestHandler;
  /** Its windows end now, instead of beginning with a counter's first request. */
  readonly slides: boolean;

  constructor(
    readonly windowMs: number,
    private readonly store: Store,
    private readonly now: () => number,
    /** Made while requests run, for a caller's own limit: express-rate-limit takes that for a slip. */
    late = false,
  ) {
    this.slides = isWeighted(store) && store.slides === true;
    const faults: unknown[] = [];
    let started = false;
    const hear = (error: unknown): void => {
      if (!started) faults.push(error);
      else
        publish('tollgate:store', () => ({
          store: 'rate-limit',
          windowMs,
          state: 'warning',
          error: String(error),
        }));
    };
    this.#count = expressRateLimit({
      windowMs,
      store,
      ...(late && { validate: { creationStack: false } }),
      legacyHeaders: false,
      standardHeaders: false,
      requestPropertyName: 'counted',
      keyGenerator: (request) => pendingCountOf(request).key,
      limit: (request) => pendingCountOf(request).limit,
      handler: (request) => {
        const pending = pendingCountOf(request);
        pending.over = true;
        pending.done(pending, undefined);
      },
      logger: { warn: hear, error: hear },
    });
    if (faults.length > 0) throw faults[0];
    started = true;
  }

  /**
   * Counts one request as `cost`, and calls back once with its count or the store's error. A callback instead of a promise: under an
   * AsyncLocalStorage, which every request here has, each promise costs as much as the counting.
   */
  count(
    key: string,
    limit: number,
    cost: number,
    done: (count: WindowCount | undefined, error: unknown) => void,
  ): void {
    const { store } = this;
    const counted = ({ totalHits: used, resetTime, countedAtMs }: WeightedCount): void => {
      const resetsAtMs = this.#plausible(resetTime?.getTime());
      done({ limiter: this, key, over: used > limit, used, cost, countedAtMs, resetsAtMs }, undefined);
    };
    // Ours answers at once; express-rate-limit would make eleven promises of that, for the same comparison.
    if (store instanceof LocalStore) counted(store.incrementBy(key, cost));
    else if (store instanceof LocalSlidingStore) counted(store.incrementBy(key, cost, limit));
    else if (this.slides || cost !== 1) {
      Promise.resolve(this.#weighted.incrementBy(key, cost, limit)).then(counted, (error: unknown) =>
        done(undefined, error),
      );
    } else this.#countOne(key, limit, done);
  }

  #countOne(
    key: string,
    limit: number,
    done: (count: WindowCount | undefined, error: unknown) => void,
  ): void {
    const pending = new PendingCount(key, limit, ({ over, counted }, error) => {
      if (error !== undefined) {
        done(undefined, error);
        return;
      }
      const resetsAtMs = this.#plausible(counted?.resetTime?.getTime());
      const used = counted?.used ?? 0;
      done({ limiter: this, key, over, used, cost: 1, countedAtMs: 0, resetsAtMs }, undefined);
    });
    const next = (error?: unknown): void => pending.done(pending, error);
    void Reflect.apply(this.#count, undefined, [pending, noResponse, next]);
  }

  /** The count of a key, without counting; `undefined` where no window is open. Rejects where the store gives no result. */
  async look(key: string): Promise<{ used: number; resetsAtMs: number } | undefined> {
    if (!this.store.get) throw new TypeError('rateLimit: the store has no get()');
    const found = await this.store.get(key);
    const resetsAtMs = found?.resetTime?.getTime() ?? 0;
    if (!found || found.totalHits < 1 || resetsAtMs <= this.now()) return undefined;
    return { used: found.totalHits, resetsAtMs: this.#plausible(resetsAtMs) };
  }

  /** Takes a request back out of a window that it is still in. Resolves when it is; never throws or rejects. */
  giveBack({ key, cost, countedAtMs, resetsAtMs }: WindowCount): Promise<void> | void {
    if (!this.slides && this.now() >= resetsAtMs) return;
    try {
      const one = !this.slides && cost === 1;
      const taken = one ? this.store.decrement(key) : this.#weighted.decrementBy(key, cost, countedAtMs);
      if (taken) return Promise.resolve(taken).catch(ignore);
    } catch {
      // A store that cannot take back has counted one too many: the safe side.
    }
  }

  get #weighted(): WeightedStore {
    if (isWeighted(this.store)) return this.store;
    throw new TypeError('rateLimit: the store has no incrementBy() and decrementBy()');
  }

  #plausible(resetMs: number | undefined): number {
    const now = this.now();
    const latest = now + this.windowMs + (this.slides ? Math.ceil(this.windowMs / stepsOfWindow) : 0);
    if (resetMs === undefined || Number.isNaN(resetMs)) return latest;
    return resetMs <= now ? now + Math.min(1_000, this.windowMs) : Math.min(resetMs, latest);
  }
}

function ignore(): void {}
