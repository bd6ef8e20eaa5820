import { RollingMedian } from './rolling-median.js';
import type { SeasonalProfile } from './seasonal-profile.js';
import { surprise } from './surprise.js';

/** In quiet hours a single request still costs the same. */
const leastFactor = 0.5;
const hourMs = 3_600_000;

/** A window's sum compared with its usual value. */
export interface Deviation {
  readonly expected: number;
  readonly seen: number;
  /** Robust z-score of the logarithm: (ln seen − ln expected) / deviation, less where few events may be chance. */
  readonly score: number;
}

/** Thresholds of a baseline. */
export interface BaselineSettings {
  /** Windows with anything in them that must have passed before. */
  readonly minimumWindows: number;
  /** Windows remembered. */
  readonly capacity: number;
  /** The least spread that is assumed, as a logarithm: with 0.35, 42 % more is one deviation. */
  readonly leastDeviation: number;
  /** Whether the season has the same unit, so that its hourly sums count. @defaultValue false */
  readonly knowsHabits?: boolean;
}

/**
 * The usual sum of windows of one length: the median of their logarithms, without the season. A sum far above is learned as one that is
 * only a little above, so that an incident does not become usual, while lasting growth does.
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

  /**
   * Compares a sum over the last `lengthMs`; `undefined` without enough evidence. `unit` is the contribution of an event, so that chance is
   * taken into account; 0: events are too many for that to matter.
   */
  compare(nowMs: number, seen: number, unit = 0): Deviation | undefined {
    if (!this.isWarm || seen <= 0) return undefined;
    const fromMs = nowMs - this.lengthMs;
    const expected = Math.max(
      Math.exp(this.#logs.median) * this.#factor(fromMs, nowMs),
      this.#habit(fromMs, nowMs),
    );
    // the spread of chance alone is not counted twice
    const byChance = unit / expected;
    const spread = Math.sqrt(Math.max(this.#spread ** 2 - byChance, this.settings.leastDeviation ** 2));
    return { expected, seen, score: surprise(seen, expected, spread, unit) };
  }

  get #spread(): number {
    return Math.max(this.#logs.deviation, this.settings.leastDeviation);
  }

  #factor(fromMs: number, toMs: number): number {
    const { season } = this;
    return season
      ? Math.max(
          overHours(fromMs, toMs, (atMs) => season.factor(atMs)),
          leastFactor,
        )
      : 1;
  }

  #habit(fromMs: number, toMs: number): number {
    const { season } = this;
    if (!season || !this.settings.knowsHabits) return 0;
    return (overHours(fromMs, toMs, (atMs) => season.habit(atMs)) * this.lengthMs) / hourMs;
  }

  #learn(): void {
    if (this.#sum <= 0) return;
    const log = Math.log(this.#sum / this.#factor(this.#windowStartMs, this.#windowStartMs + this.lengthMs));
    const highest = this.#logs.median + 3 * this.#spread;
    this.#logs.add(this.isWarm ? Math.min(log, highest) : log);
  }
}

/** The mean of two hours' values for a window that may have begun in the earlier one: no longer than an hour. */
function overHours(fromMs: number, toMs: number, ofHour: (atMs: number) => number): number {
  const shareOfLast = Math.min((toMs % hourMs) / (toMs - fromMs), 1);
  const last = shareOfLast > 0 ? shareOfLast * ofHour(toMs) : 0;
  return last + (shareOfLast < 1 ? (1 - shareOfLast) * ofHour(fromMs) : 0);
}
