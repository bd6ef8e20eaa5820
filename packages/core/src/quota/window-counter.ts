import {
  type BucketLevel,
  drawn,
  type RefillRate,
  refilled,
  refillMs,
  refillRate,
} from '../plans/token-bucket.js';
import type { TokenBucket, WindowSpan } from '../plans/window.js';
import type { ThresholdCrossing } from './quota-store.js';

/** One counter in one of its windows, with the properties that refusals and states need. */
export interface WindowCounterView {
  readonly windowId: string;
  readonly used: number;
  readonly held: number;
  /** When it is empty again if nothing else happens, ms since the epoch. */
  readonly resetsAtMs: number | undefined;
  /** How long time alone takes until `used + held ≤ most`; `undefined`: time does not help. */
  waitMs(most: number, nowMs: number): number | undefined;
}

/** Used and held amounts of one counter in one of its windows. */
export abstract class WindowCounter implements WindowCounterView {
  /** Leases, and reaped ones not forgotten yet, that may still change it. */
  references = 0;
  /** How many of the store's thresholds have been reported. */
  reached = 0;
  /** Crossings that a reaped lease caused, for the next operation to report; rare, so that most counters have no such field. */
  declare unreported?: ThresholdCrossing[] | undefined;

  abstract readonly windowId: string;
  abstract readonly used: number;
  abstract readonly held: number;
  /** When it is empty again if nothing else happens, ms since the epoch. */
  abstract readonly resetsAtMs: number | undefined;
  /** Applies the passing of time; called before each read or write at a later moment. */
  moveTo(_nowMs: number): void {}
  abstract hold(amount: number): void;
  /** Uses `amount` (negative in a correction) and releases `release` of the held amount. */
  abstract settle(amount: number, release: number): void;
  /** How long time alone takes until `used + held ≤ most`; `undefined`: time does not help. */
  abstract waitMs(most: number, nowMs: number): number | undefined;
  /** Its window is over. */
  hasEnded(_nowMs: number): boolean {
    return false;
  }
  /** Nothing would be lost by forgetting it. */
  abstract isOver(nowMs: number): boolean;
}

/** One calendar window: `used` only grows, and ends with the window. */
export class CalendarCounter extends WindowCounter {
  used = 0;
  held = 0;

  constructor(readonly span: WindowSpan) {
    super();
  }

  get windowId(): string {
    return this.span.id;
  }

  get resetsAtMs(): number {
    return this.span.endMs;
  }

  hold(amount: number): void {
    this.held += amount;
  }

  settle(amount: number, release: number): void {
    this.used = Math.max(0, this.used + amount);
    this.held -= release;
  }

  waitMs(_most: number, nowMs: number): number {
    return Math.max(0, this.span.endMs - nowMs);
  }

  override hasEnded(nowMs: number): boolean {
    return this.span.endMs <= nowMs;
  }

  isOver(nowMs: number): boolean {
    return this.hasEnded(nowMs) || (this.used === 0 && this.held === 0 && this.reached === 0);
  }
}

/**
 * A token bucket. A hold is drawn when it is admitted and refills from then on, so `used + held` is the amount drawn and not yet refilled;
 * releasing fills it up, at most to its burst.
 */
export class BucketCounter extends WindowCounter {
  readonly windowId = 'bucket';
  #level: BucketLevel;
  #rate: RefillRate;
  #holds = 0;

  constructor(bucket: TokenBucket, nowMs: number) {
    super();
    this.#rate = refillRate(bucket);
    this.#level = { whole: 0, remainder: 0, atMs: nowMs };
  }

  override moveTo(nowMs: number): void {
    this.#level = refilled(this.#level, this.#rate, nowMs);
    if (this.#level.whole > 0) return;
    this.reached = 0;
    if (this.unreported) this.unreported = undefined;
  }

  /** Refills at this rate from now on, where the plan has changed. */
  adopt(bucket: TokenBucket): void {
    const rate = refillRate(bucket);
    if (rate.numerator === this.#rate.numerator && rate.denominator === this.#rate.denominator) return;
    this.#level = { ...this.#level, remainder: 0 };
    this.#rate = rate;
  }

  get used(): number {
    return Math.max(0, this.#level.whole - this.#holds);
  }

  get held(): number {
    return Math.min(this.#holds, this.#level.whole);
  }

  get resetsAtMs(): number {
    return this.#level.atMs + refillMs(this.#level, this.#rate, 0);
  }

  hold(amount: number): void {
    this.#level = drawn(this.#level, amount);
    this.#holds += amount;
  }

  settle(amount: number, release: number): void {
    this.#level = drawn(this.#level, amount - release);
    this.#holds -= release;
  }

  waitMs(most: number): number {
    return refillMs(this.#level, this.#rate, most);
  }

  isOver(nowMs: number): boolean {
    return this.#holds === 0 && refilled(this.#level, this.#rate, nowMs).whole === 0;
  }
}

/** How many leases are live. */
export class LiveCounter extends WindowCounter {
  readonly windowId = 'live';
  readonly used = 0;
  readonly resetsAtMs = undefined;
  held = 0;

  hold(amount: number): void {
    this.held += amount;
  }

  settle(_amount: number, release: number): void {
    this.held -= release;
  }

  waitMs(): undefined {
    return undefined;
  }

  isOver(): boolean {
    return this.held === 0;
  }
}
