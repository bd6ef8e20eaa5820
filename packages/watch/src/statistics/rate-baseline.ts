import { RollingMedian } from './rolling-median.js';
import type { SeasonalProfile } from './seasonal-profile.js';

/** In quiet hours a single request still costs what it costs. */
const leastFactor = 0.25;

/** How far a window's sum is from what is usual. */
export interface Deviation {
  readonly expected: number;
  readonly seen: number;
  /** Robust z-score of the logarithm: (ln seen − ln expected) / deviation. */
  readonly score: number;
}

/** When a baseline speaks. */
export interface BaselineSettings {
  /** Windows with anything in them that must have passed before. */
  readonly minimumWindows: number;
  /** Windows remembered. */
  readonly capacity: number;
  /** The least spread that is believed, as a logarithm: 0.35 takes 42 % more for one deviation. */
  readonly leastDeviation: number;
}

/**
 * What the sums of windows of one length usually are: the median of their logarithms, the season taken out. A sum far above is learned as one
 * that is only a little above, so that an incident does not teach that it is usual, and lasting growth still does.
 */
export class RateBaseline {
  readonly #logs: RollingMedian;
  #windowStartMs = Number.NaN;
  #sum = 0;

  constructor(
    readonly lengthMs: number,
    private readonly settings: BaselineSettings,
    private readonly season: SeasonalProfile | undefined,
  ) {
    this.#logs = new RollingMedian(settings.capacity);
  }

  /** Whether there is evidence enough. */
  get isWarm(): boolean {
    return this.#logs.size >= this.settings.minimumWindows;
  }

  add(nowMs: number, amount: number): void {
    const startMs = Math.floor(nowMs / this.lengthMs) * this.lengthMs;
    if (!(startMs <= this.#windowStartMs)) {
      this.#learn();
      this.#windowStartMs = startMs;
      this.#sum = 0;
    }
    this.#sum += amount;
  }

  /** Compares a sum over the last `lengthMs`; nothing without evidence enough. */
  compare(nowMs: number, seen: number): Deviation | undefined {
    if (!this.isWarm || seen <= 0) return undefined;
    const expected = Math.exp(this.#logs.median) * this.#factor(nowMs);
    return { expected, seen, score: Math.log(seen / expected) / this.#spread };
  }

  get #spread(): number {
    return Math.max(this.#logs.deviation, this.settings.leastDeviation);
  }

  #factor(atMs: number): number {
    return Math.max(this.season?.factor(atMs) ?? 1, leastFactor);
  }

  #learn(): void {
    if (this.#sum <= 0) return;
    const log = Math.log(this.#sum / this.#factor(this.#windowStartMs));
    const highest = this.#logs.median + 3 * this.#spread;
    this.#logs.add(this.isWarm ? Math.min(log, highest) : log);
  }
}
