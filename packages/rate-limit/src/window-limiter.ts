import { publish } from '@tollgate/core/internal';
import { rateLimit as expressRateLimit, type RateLimitRequestHandler, type Store } from 'express-rate-limit';
import { LocalStore } from './local-store.js';
import { PendingCount, pendingCountOf } from './pending-count.js';

/** A window's count for one key, this request included. */
export interface WindowCount {
  readonly limiter: WindowLimiter;
  readonly key: string;
  readonly over: boolean;
  readonly used: number;
  /** Ms since the epoch; after now, and at most a window away, independent of the store's clock. */
  readonly resetsAtMs: number;
}

const noResponse = Object.freeze({});

/**
 * One express-rate-limit instance, for all counters of one window length. Its headers are off: they hash the key on every request, which
 * costs more than all the counting. Throws the errors of its validations at start.
 */
export class WindowLimiter {
  readonly #count: RateLimitRequestHandler;

  constructor(
    readonly windowMs: number,
    private readonly store: Store,
    private readonly now: () => number,
    /** Made while requests run, for a caller's own limit: express-rate-limit takes that for a slip. */
    late = false,
  ) {
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
   * Counts one request, and calls back once with its count or the store's error. A callback instead of a promise: under an
   * AsyncLocalStorage, which every request here has, each promise costs as much as the counting.
   */
  count(key: string, limit: number, done: (count: WindowCount | undefined, error: unknown) => void): void {
    const { store } = this;
    // Ours answers at once; express-rate-limit would make eleven promises of that, for the same comparison.
    if (store instanceof LocalStore) {
      const { totalHits: used, resetTime } = store.increment(key);
      done(
        { limiter: this, key, over: used > limit, used, resetsAtMs: this.#plausible(resetTime?.getTime()) },
        undefined,
      );
      return;
    }
    const pending = new PendingCount(key, limit, ({ over, counted }, error) => {
      if (error !== undefined) {
        done(undefined, error);
        return;
      }
      const resetsAtMs = this.#plausible(counted?.resetTime?.getTime());
      done({ limiter: this, key, over, used: counted?.used ?? 0, resetsAtMs }, undefined);
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

  /** Takes one request back out of a window that is still open. Resolves when it is; never throws or rejects. */
  giveBack({ key, resetsAtMs }: WindowCount): Promise<void> | void {
    if (this.now() >= resetsAtMs) return;
    try {
      const taken = this.store.decrement(key);
      if (taken) return Promise.resolve(taken).catch(ignore);
    } catch {
      // A store that cannot take back has counted one too many: the safe side.
    }
  }

  #plausible(resetMs: number | undefined): number {
    const now = this.now();
    const latest = now + this.windowMs;
    if (resetMs === undefined || Number.isNaN(resetMs)) return latest;
    return resetMs <= now ? now + Math.min(1_000, this.windowMs) : Math.min(resetMs, latest);
  }
}

function ignore(): void {}
