import type { PermitLimit, Sample } from './permit-limit.js';

/** Measurements of one window. */
export interface WindowFigures {
  /** Mean latency of the requests that did not fail, in ms; `undefined` where all failed. */
  readonly meanMs: number | undefined;
  /** Most requests that were in flight when one of them was admitted. */
  readonly peak: number;
  /** Share of the requests that failed, 0 to 1. */
  readonly failedShare: number;
}

/** Computes the limit after each window; keeps state between windows. */
export interface LimitRule {
  next(figures: WindowFigures, limit: number): number;
}

/** How a limit is measured and bounded. */
export interface AdaptiveBounds {
  readonly min: number;
  readonly max: number;
  readonly initial: number;
  readonly windowMs: number;
  readonly minSamples: number;
}

/**
 * A limit that a rule changes, window by window, within bounds. A window is at least `windowMs` long and has at least `minSamples`
 * requests. Requests that were admitted under a higher limit than the present one are left out.
 */
export class AdaptiveLimit implements PermitLimit {
  readonly #rule: LimitRule;
  readonly #bounds: AdaptiveBounds;
  #limit: number;
  #sinceMs: number | undefined;
  #sumMs = 0;
  #good = 0;
  #failed = 0;
  #peak = 0;

  constructor(rule: LimitRule, bounds: AdaptiveBounds) {
    this.#rule = rule;
    this.#bounds = bounds;
    this.#limit = bounds.initial;
  }

  get value(): number {
    return Math.floor(this.#limit);
  }

  sample({ latencyMs, failed, running }: Sample, nowMs: number): boolean {
    if (running > this.value) return false;
    this.#sinceMs ??= nowMs;
    if (failed) this.#failed += 1;
    else {
      this.#good += 1;
      this.#sumMs += latencyMs;
    }
    this.#peak = Math.max(this.#peak, running);
    const { windowMs, minSamples, min, max } = this.#bounds;
    const count = this.#good + this.#failed;
    if (nowMs - this.#sinceMs < windowMs || count < minSamples) return false;
    const figures: WindowFigures = {
      meanMs: this.#good > 0 ? this.#sumMs / this.#good : undefined,
      peak: this.#peak,
      failedShare: this.#failed / count,
    };
    const before = this.value;
    this.#limit = Math.min(max, Math.max(min, this.#rule.next(figures, this.#limit)));
    this.#sinceMs = nowMs;
    this.#sumMs = 0;
    this.#good = 0;
    this.#failed = 0;
    this.#peak = 0;
    return this.value !== before;
  }
}
