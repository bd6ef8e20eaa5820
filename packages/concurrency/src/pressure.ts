import { monitorEventLoopDelay } from 'node:perf_hooks';
import { accepts, type Criticality, checkOptions } from '@tollgate/core/internal';
import type { Clock } from './clock.js';

/** When less critical callers are limited. */
export interface PressureOptions {
  /**
   * How long the event loop may be late, in ms, 10 to 60 000: the delay that 95 % of the last second's turns stayed below.
   * @defaultValue 200
   */
  loopDelayMs?: number;
  /**
   * An adaptive limit below this share of its highest value within ten minutes is pressure: the providers have begun to answer slowly or to
   * fail. 0 < share ≤ 1. @defaultValue 0.5
   */
  limitShare?: number;
  /** A further sign of the app: `() => queueOfMine.length > 1_000`. Called at every request of a caller that is not critical. @defaultValue none */
  when?: () => boolean;
}

/** The part of the permits that callers may use together under pressure. */
export const shareOf: Readonly<Record<Criticality, number>> = Object.freeze({
  low: 0.5,
  normal: 0.8,
  high: 0.95,
  critical: 1,
});

const measuredMs = 1_000;
/** How long the highest value of an adaptive limit is remembered, in ms. */
const peakMs = 600_000;
/** How often the loop's delay is sampled, in ms; part of every sample. */
const resolutionMs = 20;

/** Whether process or providers are under pressure now. */
export class Pressure {
  readonly #options: Required<PressureOptions>;
  readonly #delays = monitorEventLoopDelay({ resolution: resolutionMs });
  #sinceMs: number;
  #isLate = false;
  #peak = 0;
  #peakAtMs = 0;

  constructor(
    { loopDelayMs = 200, limitShare = 0.5, when = () => false }: PressureOptions,
    private readonly clock: Clock,
  ) {
    this.#options = { loopDelayMs, limitShare, when };
    this.#sinceMs = clock.now();
    this.#delays.enable();
  }

  /** `limit`: the present one. */
  isHigh(limit: number): boolean {
    return this.#loopIsLate() || this.#hasFallen(limit) || this.#options.when();
  }

  #hasFallen(limit: number): boolean {
    const nowMs = this.clock.now();
    if (limit >= this.#peak || nowMs - this.#peakAtMs >= peakMs) {
      this.#peak = limit;
      this.#peakAtMs = nowMs;
    }
    return limit < this.#peak * this.#options.limitShare;
  }

  end(): void {
    this.#delays.disable();
  }

  #loopIsLate(): boolean {
    const nowMs = this.clock.now();
    if (nowMs - this.#sinceMs < measuredMs) return this.#isLate;
    this.#sinceMs = nowMs;
    this.#isLate = this.#delays.percentile(95) / 1e6 - resolutionMs > this.#options.loopDelayMs;
    this.#delays.reset();
    return this.#isLate;
  }
}

export function pressureCheck(value: unknown): true | string {
  return value === false || accepts.object(value) === true || 'false or an object';
}

/** Throws a `TypeError` for a wrong or unknown option. */
export function checkPressure(options: PressureOptions): void {
  checkOptions<PressureOptions>('concurrency: pressure', options, {
    loopDelayMs: accepts.integerBetween(10, 60_000),
    limitShare: accepts.share,
    when: accepts.function,
  });
}
