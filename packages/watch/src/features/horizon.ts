import type { Deviation } from '../statistics/deviation.js';
import { figuresOfHighs, Highs, type SavedHighs } from '../statistics/highs.js';
import { RollingSum, type SavedSum } from '../statistics/rolling-sum.js';
import { surprise } from '../statistics/surprise.js';

const hourMs = 3_600_000;
/** Sums of this length and longer are saved. */
const keptMs = hourMs;
/** The least spread of a day's highs that is assumed, as a logarithm. */
const leastDeviation = 0.35;
/** The least spread that is assumed of a subject's first hours, as a logarithm. */
const deviationOfNew = 0.45;
/** An hour of a new subject is learned as this multiple of its habit at most. */
const mostGrowth = 2.5;

/** The saved form of a {@link Horizon}. */
export interface SavedHorizon {
  readonly highs: SavedHighs;
  readonly sum?: SavedSum;
}

/**
 * The figures of several horizons side by side: in arrays of their own they would take half as much again, and be far apart in memory, so
 * that each costs a miss of the processor's caches.
 */
export class HorizonFigures {
  readonly sums: Float64Array;
  readonly highs: Float32Array;
  #sumsTaken = 0;
  #highsTaken = 0;

  /** `slots`: of each horizon. */
  constructor(slots: readonly number[]) {
    const sums = slots.reduce((all, one) => all + RollingSum.figures(one), 0);
    const highs = slots.length * figuresOfHighs;
    const bytes = sums * Float64Array.BYTES_PER_ELEMENT;
    const buffer = new ArrayBuffer(bytes + highs * Float32Array.BYTES_PER_ELEMENT);
    this.sums = new Float64Array(buffer, 0, sums);
    this.highs = new Float32Array(buffer, bytes, highs);
  }

  /** The next place for a horizon of so many slots. */
  take(slots: number): { readonly sum: number; readonly highs: number } {
    const place = { sum: this.#sumsTaken, highs: this.#highsTaken };
    this.#sumsTaken += RollingSum.figures(slots);
    this.#highsTaken += figuresOfHighs;
    return place;
  }
}

/** Amounts over the last minutes, hour or day, and the most that they usually are on a day. */
export class Horizon extends RollingSum {
  readonly highs: Highs;
  /** Of a subject without a habit of days yet: habits of hours, over short sums only. */
  #hours: Highs | undefined;

  constructor(lengthMs: number, slots: number, figures = new HorizonFigures([slots])) {
    const { sum, highs } = figures.take(slots);
    super(lengthMs, slots, figures.sums, sum);
    this.highs = new Highs(undefined, figures.highs, highs);
  }

  override add(nowMs: number, amount: number): number {
    const sum = super.add(nowMs, amount);
    this.highs.see(nowMs, sum);
    if (this.lengthMs >= keptMs) return sum;
    if (this.highs.usual(nowMs) !== undefined) this.#hours = undefined;
    else {
      this.#hours ??= new Highs(hourMs);
      // An incident of the first day must not become a habit within hours; growth does.
      this.#hours.see(nowMs, Math.min(sum, mostGrowth * (this.#hours.usual(nowMs) ?? Infinity)));
    }
    return sum;
  }

  /** The sum is saved only where it is longer than a restart takes. */
  saveHabit(): SavedHorizon {
    return { highs: this.highs.save(), ...(this.lengthMs >= keptMs && { sum: this.save() }) };
  }

  loadHabit({ highs, sum }: SavedHorizon): void {
    this.highs.load(highs);
    if (sum) this.load(sum);
  }

  /** The level that is a habit: reached on three days; of a new subject, in three hours. `undefined`: none is known. */
  usual(nowMs: number): number | undefined {
    return this.highs.usual(nowMs) ?? this.#hours?.usual(nowMs);
  }

  /**
   * Compares the amount now with the level that is a habit. `undefined` without enough evidence. `unit` is the contribution of an event, so
   * that chance is taken into account; 0: events are too many for that to matter.
   */
  compare(nowMs: number, unit = 0): Deviation | undefined {
    const expected = this.usual(nowMs);
    const seen = this.sum(nowMs);
    if (expected === undefined || seen <= 0) return undefined;
    if (seen <= expected) return { expected, seen, score: 0 };
    const isNew = this.highs.usual(nowMs) === undefined;
    const spread = Math.max(
      isNew ? (this.#hours?.spread(nowMs) ?? 0) : this.highs.spread(nowMs),
      isNew ? deviationOfNew : leastDeviation,
    );
    return { expected, seen, score: surprise(seen, expected, spread, unit) };
  }
}
