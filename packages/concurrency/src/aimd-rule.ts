import type { LimitRule, WindowFigures } from './adaptive-limit.js';
import { backoff } from './gradient-rule.js';

export interface AimdSettings {
  /** Share of failed requests above which the limit backs off. */
  readonly failedShare: number;
  /** Mean latency above which it does too, in ms. */
  readonly slowMs: number;
}

/** One more for each window that is busy and well, a tenth less for one that fails or is slow: AIMDLimit of Netflix' concurrency-limits. */
export class AimdRule implements LimitRule {
  readonly #settings: AimdSettings;

  constructor(settings: AimdSettings) {
    this.#settings = settings;
  }

  next({ meanMs, peak, failedShare }: WindowFigures, limit: number): number {
    const { failedShare: most, slowMs } = this.#settings;
    if (failedShare > most || meanMs === undefined || meanMs > slowMs) return limit * backoff;
    return peak * 2 >= limit ? limit + 1 : limit;
  }
}
