import type { ClientRateLimitInfo, Store } from 'express-rate-limit';

/** A count, and where in the window it was made. */
export interface WeightedCount extends ClientRateLimitInfo {
  /** When it was counted, in ms since the epoch by the store's clock; any number in a fixed window, which does not need it. */
  countedAtMs: number;
}

/** A store of express-rate-limit that can also count a request as several, and in sliding windows where it `slides`. */
export interface WeightedStore extends Store {
  /** Its windows end now, instead of beginning with the first request. @defaultValue false */
  readonly slides?: boolean;
  /**
   * Counts `cost` requests, a positive integer. `resetTime` of a sliding window: when the count will have fallen to `limit`; of one that is
   * there already, when its oldest request leaves.
   */
  incrementBy(key: string, cost: number, limit: number): WeightedCount | Promise<WeightedCount>;
  /** Takes `cost` requests back that were counted at `countedAtMs`, if they are still in the window. */
  decrementBy(key: string, cost: number, countedAtMs: number): Promise<void> | void;
}

export function isWeighted(store: Store): store is WeightedStore {
  const { incrementBy, decrementBy } = store as Partial<WeightedStore>;
  return typeof incrementBy === 'function' && typeof decrementBy === 'function';
}
