import type { StatedLimit } from './provider-store.js';

/** Limits are per minute, unless a response states another period. */
const usualMs = 60_000;
/** How long a measured refill rate counts, in ms, and as long again. */
const rateMs = 120_000;
/** Below this share of use, a stated amount does not show the refill rate: it is rounded. */
const telling = 0.1;
/** The refill of this many ms is left unused, since calls take different times to their provider. */
const marginMs = 250;
/** A limit that seems to be refilled so much faster at one time than at another is not refilled at all before its reset. */
const unsteady = 2;
/** How long a stated amount is trusted, in ms; then one call probes. */
const believedMs = 60_000;

/** Rates of refill that were seen, per ms. */
const unseen = { slowest: Number.POSITIVE_INFINITY, fastest: 0 };

/**
 * The remaining amount of one limit of a provider, between two responses that state it. Most providers refill continuously; some restore
 * the whole amount at the stated reset. No provider states which: where the used amount and the time until the reset keep the same
 * proportion, the refill is continuous, and that proportion is its rate.
 */
export class ProviderLimit {
  #limit = 0;
  #level = 0;
  #atMs = 0;
  /** When all of it is there again, as stated last. */
  #resetAtMs = Number.POSITIVE_INFINITY;
  /** Per ms, the last stated rate, and the measured ones of this period and the one before. */
  #rate = 0;
  #seen = unseen;
  #seenBefore = unseen;
  #seenSinceMs = 0;
  #statedAtMs = 0;
  /** The total taken before the call of the last processed response, itself included. */
  #heardTotal = 0;
  /** When the call of the last processed response was sent. */
  #heardOfMs = Number.NEGATIVE_INFINITY;

  get limit(): number {
    return this.#limit;
  }

  /** How long until so much is there, in ms; 0: it is, or one call is to find out. `total`: all that was ever taken. */
  waitMs(amount: number, total: number, nowMs: number): number {
    this.#settle(total, nowMs);
    const refill = this.#refill;
    const missing = Math.min(amount + refill * marginMs, this.#limit) - this.#level;
    if (missing <= 0) return 0;
    const unknownMs = this.#statedAtMs + believedMs - nowMs;
    return Math.max(0, Math.min(missing / refill, this.#resetAtMs - nowMs, unknownMs));
  }

  take(amount: number, total: number, nowMs: number): void {
    this.#settle(total, nowMs);
    // Taken though it is not there: the one call that finds out.
    if (this.#level < Math.min(amount, this.#limit)) this.#statedAtMs = nowMs;
    this.#level -= amount;
  }

  giveBack(amount: number): void {
    this.#level = Math.min(this.#limit, this.#level + amount);
  }

  /** Sets an amount aside for another waiter while the next ones are checked; a negative amount undoes it. */
  hold(amount: number): void {
    this.#level -= amount;
  }

  /**
   * A response states the limit, as of when its call was received, or as of now: the lower of the stated amount and of that amount with the
   * refill and the calls since then counts; both minus the calls that the provider may not have received by then.
   */
  stated(
    { limit, remaining, resetMs }: StatedLimit,
    taken: Mark | undefined,
    total: number,
    nowMs: number,
  ): void {
    this.#settle(total, nowMs);
    this.#limit = Math.max(limit ?? Math.max(this.#limit, remaining), 1);
    this.#statedAtMs = nowMs;
    const used = this.#limit - remaining;
    if (used > 0) this.#learn(used, resetMs !== undefined && resetMs > 0 ? resetMs : usualMs, nowMs);
    // Of two responses in another order than their calls, that of the later call counts.
    if (taken && taken.atMs < this.#heardOfMs) return;
    this.#heardOfMs = taken?.atMs ?? this.#heardOfMs;
    this.#heardTotal = taken?.total ?? total;
    this.#resetAtMs = nowMs + (resetMs ?? usualMs);
    if (!taken) {
      this.#level = Math.min(this.#limit, remaining);
      return;
    }
    const since = Math.max(total - taken.total, taken.underway);
    const asOfThen = remaining + this.#refill * (nowMs - taken.atMs) - since;
    this.#level = Math.min(this.#limit, remaining - taken.underway, asOfThen);
  }

  /** Per ms. */
  get #refill(): number {
    const slowest = Math.min(this.#seen.slowest, this.#seenBefore.slowest);
    const fastest = Math.max(this.#seen.fastest, this.#seenBefore.fastest);
    if (fastest > slowest * unsteady) return 0;
    if (fastest > 0) return slowest;
    return this.#rate > 0 ? this.#rate : this.#limit / usualMs;
  }

  #settle(total: number, nowMs: number): void {
    if (nowMs > this.#atMs) {
      this.#level = Math.min(this.#limit, this.#level + this.#refill * (nowMs - this.#atMs));
      this.#atMs = nowMs;
    }
    if (nowMs < this.#resetAtMs) return;
    // Amounts taken since that statement may still be missing from it.
    this.#level = Math.max(this.#level, this.#limit - (total - this.#heardTotal));
    this.#resetAtMs = Number.POSITIVE_INFINITY;
  }

  #learn(used: number, resetMs: number, nowMs: number): void {
    this.#rate = used / resetMs;
    if (used < this.#limit * telling) return;
    if (nowMs - this.#seenSinceMs > rateMs) {
      this.#seenBefore = nowMs - this.#seenSinceMs < 2 * rateMs ? this.#seen : unseen;
      this.#seen = unseen;
      this.#seenSinceMs = nowMs;
    }
    const { slowest, fastest } = this.#seen;
    this.#seen = { slowest: Math.min(slowest, this.#rate), fastest: Math.max(fastest, this.#rate) };
  }
}

/** A call that was answered. */
export interface Mark {
  /** When it was taken, in ms. */
  readonly atMs: number;
  /** All that had been taken by then. */
  readonly total: number;
  /** Amounts of other calls that were sent recently and have no response. */
  readonly underway: number;
}
