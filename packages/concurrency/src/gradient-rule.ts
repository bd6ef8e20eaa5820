import type { LimitRule, WindowFigures } from './adaptive-limit.js';

export interface GradientSettings {
  /** How much slower than unloaded is well. 1.5: half as slow again. */
  readonly tolerance: number;
  /** Share of failed requests above which the limit backs off. */
  readonly failedShare: number;
}

/**
 * Requests that may queue inside the provider, the share of a step that is applied, and the effect of failures: the defaults of
 * Gradient2Limit and AIMDLimit.
 */
const headroom = 4;
const smoothing = 0.2;
export const backoff = 0.9;
/** Windows under load after which one runs at half the limit, to measure the latency without it. */
const windowsToProbe = 30;

/**
 * Follows latency: `limit × gradient + 4`, smoothed, where the gradient is tolerance × unloaded latency ÷ latency, within 0.5 and 1. The formula is
 * Gradient2Limit's of Netflix' concurrency-limits. Its long average of latencies becomes the loaded one when load lasts; so here, as in
 * Envoy's gradient controller, the unloaded latency is measured: now and then one window runs at half the limit.
 */
export class GradientRule implements LimitRule {
  readonly #settings: GradientSettings;
  #unloadedMs: number | undefined;
  #windows = 0;
  /** The limit to go back to after the window that measures. */
  #measuredFrom: number | undefined;

  constructor(settings: GradientSettings) {
    this.#settings = settings;
  }

  next({ meanMs, peak, failedShare }: WindowFigures, limit: number): number {
    const measuredFrom = this.#measuredFrom;
    this.#measuredFrom = undefined;
    const from = measuredFrom ?? limit;
    if (failedShare > this.#settings.failedShare || meanMs === undefined) return from * backoff;
    if (measuredFrom !== undefined) {
      this.#unloadedMs = meanMs;
      return measuredFrom;
    }
    const unloadedMs = this.#learn(meanMs, peak * 2 < limit);
    if (peak * 2 < limit) return limit;
    this.#windows += 1;
    const gradient = Math.min(1, Math.max(0.5, (this.#settings.tolerance * unloadedMs) / meanMs));
    const next = limit * (1 - smoothing) + (limit * gradient + headroom) * smoothing;
    if (this.#windows < windowsToProbe) return next;
    this.#windows = 0;
    this.#measuredFrom = next;
    return next / 2;
  }

  /** A lower latency counts at once, a higher one only slowly and without load. */
  #learn(meanMs: number, isUnloaded: boolean): number {
    const known = this.#unloadedMs ?? meanMs;
    const share = meanMs < known ? 0.5 : isUnloaded ? 0.1 : 0;
    this.#unloadedMs = known + (meanMs - known) * share;
    return this.#unloadedMs;
  }
}
