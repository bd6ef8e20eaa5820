import type { BaselineSettings, Deviation } from './deviation.js';
import { Ewma } from './ewma.js';
import { RollingMedian } from './rolling-median.js';

const hourMs = 3_600_000;
/** The latest values to compare: half of the weight is in this many. */
const latest = 15;
/** Independent ones among the latest values: requests of a conversation are alike. */
const independent = 10;
/** The variance of single values is that of about this many, and a single one counts no more than the bound. */
const within = 500;
const mostVariance = 4;
/** Values of a mean that can be compared with theirs. */
const leastValues = 32;

/** The saved form of {@link LevelBaseline}: the stretch that has not ended is lost. */
export interface SavedLevel {
  readonly stretches: readonly number[];
  readonly latest: readonly [number, number];
  readonly within: readonly [number, number];
}

/**
 * The usual single value, such as the cost of a request: the median over stretches of at least an hour and thirty-two values of their mean
 * logarithm, compared with the latest few values. A stretch far above is learned as one that is only a little above.
 */
export class LevelBaseline {
  readonly #stretches: RollingMedian;
  readonly #latest = new Ewma(latest);
  /** Variance of single values within a stretch. */
  readonly #within = new Ewma(within);
  /** Number of the hour in which the stretch began; -1: none yet. */
  #hour = -1;
  #sum = 0;
  #count = 0;

  constructor(private readonly settings: BaselineSettings) {
    this.#stretches = new RollingMedian(settings.capacity);
  }

  /** Values of 0 or less are ignored. */
  add(nowMs: number, value: number): void {
    if (!(value > 0)) return;
    const hour = Math.floor(nowMs / hourMs);
    if (hour > this.#hour && (this.#count >= leastValues || this.#hour < 0)) {
      this.#learn();
      this.#hour = hour;
    }
    this.#sum += Math.log(value);
    this.#count += 1;
    const difference = Math.log(value) - this.#latest.mean;
    if (this.#latest.count >= latest) this.#within.add(Math.min(difference * difference, mostVariance));
    this.#latest.add(Math.log(value));
  }

  /** Nothing without evidence enough. */
  compare(): Deviation | undefined {
    if (this.#stretches.size < this.settings.minimumWindows || this.#latest.count < 2 * latest)
      return undefined;
    const difference = this.#latest.mean - this.#stretches.median;
    const deviation = Math.sqrt(this.#spread ** 2 + this.#within.mean / independent);
    return {
      expected: Math.exp(this.#stretches.median),
      seen: Math.exp(this.#latest.mean),
      score: difference / deviation,
    };
  }

  save(): SavedLevel {
    return {
      stretches: this.#stretches.values.map((value) => Number(value.toFixed(3))),
      latest: this.#latest.save(),
      within: this.#within.save(),
    };
  }

  load({ stretches, latest, within }: SavedLevel): void {
    for (const value of stretches) this.#stretches.add(value);
    this.#latest.load(latest);
    this.#within.load(within);
  }

  get #spread(): number {
    return Math.max(this.#stretches.deviation, this.settings.leastDeviation);
  }

  #learn(): void {
    if (this.#count > 0) {
      const mean = this.#sum / this.#count;
      const isWarm = this.#stretches.size >= this.settings.minimumWindows;
      this.#stretches.add(isWarm ? Math.min(mean, this.#stretches.median + 3 * this.#spread) : mean);
    }
    this.#sum = 0;
    this.#count = 0;
  }
}
