import { DayHighs, type SavedHighs } from '../statistics/day-highs.js';
import type { Deviation } from '../statistics/deviation.js';
import { RollingSum, type SavedSum } from '../statistics/rolling-sum.js';
import { surprise } from '../statistics/surprise.js';

/** Sums of this length and longer are saved. */
const keptMs = 3_600_000;

/** The saved form of a {@link Horizon}. */
export interface SavedHorizon {
  readonly highs: SavedHighs;
  readonly sum?: SavedSum;
}

/** Amounts over the last minutes, hour or day, and the most that they usually are on a day. */
export class Horizon {
  readonly sum: RollingSum;
  readonly highs = new DayHighs();

  constructor(
    readonly lengthMs: number,
    private readonly leastDeviation: number,
    slots = 12,
  ) {
    this.sum = new RollingSum(lengthMs, slots);
  }

  add(nowMs: number, amount: number): void {
    this.sum.add(nowMs, amount);
    this.highs.see(nowMs, this.sum.sum(nowMs));
  }

  /** The sum is saved only where it is longer than a restart takes. */
  save(): SavedHorizon {
    return { highs: this.highs.save(), ...(this.lengthMs >= keptMs && { sum: this.sum.save() }) };
  }

  load({ highs, sum }: SavedHorizon): void {
    this.highs.load(highs);
    if (sum) this.sum.load(sum);
  }

  /** Whether a habit can be known: something happened on three days before. */
  isWarm(nowMs: number): boolean {
    return this.highs.usual(nowMs) !== undefined;
  }

  /**
   * Compares the amount now with the level that is a habit. `undefined` without enough evidence. `unit` is the contribution of an event, so
   * that chance is taken into account; 0: events are too many for that to matter.
   */
  compare(nowMs: number, unit = 0): Deviation | undefined {
    const expected = this.highs.usual(nowMs);
    const seen = this.sum.sum(nowMs);
    if (expected === undefined || seen <= 0) return undefined;
    if (seen <= expected) return { expected, seen, score: 0 };
    const spread = Math.max(this.highs.spread(nowMs), this.leastDeviation);
    return { expected, seen, score: surprise(seen, expected, spread, unit) };
  }
}
