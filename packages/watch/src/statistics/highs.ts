import { madToDeviation } from './rolling-median.js';

const dayMs = 86_400_000;
/** Days remembered: four of each weekday. */
const remembered = 28;
/** The figures that {@link Highs} takes in a common array. */
export const figuresOfHighs = remembered;

/** The saved form of {@link Highs}. */
export interface SavedHighs {
  readonly day: number;
  /** The highs of the latest days, the newest last; 0 for a day without anything. */
  readonly highs: readonly number[];
}

/** Figures of some days: their number, the second highest, and the spread of all. */
interface EarlierDays {
  readonly days: number;
  readonly second: number | undefined;
  readonly spread: number;
}

/**
 * The highest value of each of the latest 28 days (UTC, or hours), such as the most that was spent in five minutes, and the level that is a habit:
 * reached on at least three of them, at any hour. A nightly job, a weekly report and bursts of agents become usual by themselves, and a
 * single incident does not.
 */
export class Highs {
  /**
   * By day, modulo their number. Without a place in a common array, its own from the first value above 0 on: a plain one, because a typed
   * one of this size takes four times its content.
   */
  #highs: number[] | Float32Array | undefined;
  /** Number of the latest day; -1: none yet. */
  #day = -1;
  /** The habit, once it was asked for on this day; 0: there is none, -1: not asked for yet. */
  #usual = -1;
  #earlier: EarlierDays | undefined;

  /**
   * `periodMs`: days, or hours of a subject that has not been seen on three days yet. `common`: an array of several, of which this one has
   * {@link figuresOfHighs} from `from` on.
   */
  constructor(
    private readonly periodMs = dayMs,
    common?: Float32Array,
    private readonly from = 0,
  ) {
    this.#highs = common;
  }

  /** Takes a value of today. A clock that steps back counts as today. */
  see(nowMs: number, value: number): void {
    this.#roll(nowMs);
    if (!(value > 0)) return;
    this.#highs ??= new Array<number>(remembered).fill(0);
    const place = this.from + (this.#day % remembered);
    if (value > (this.#highs[place] as number)) this.#highs[place] = value;
  }

  /** The level that is a habit: reached on three of the days before today. `undefined`: too few days. */
  usual(nowMs: number): number | undefined {
    this.#roll(nowMs);
    if (this.#usual < 0) this.#usual = this.#third();
    return this.#usual > 0 ? this.#usual : undefined;
  }

  /** The highest of the days before today. */
  highest(nowMs: number): number | undefined {
    return this.#sorted(nowMs, 1)[0];
  }

  /** Deviation of the logarithms of the highs of the days before today, robust. */
  spread(nowMs: number): number {
    return spreadOf(this.#sorted(nowMs, 1));
  }

  /** The days before the latest two, so that a rise does not hide itself. */
  earlier(nowMs: number): EarlierDays {
    this.#roll(nowMs);
    if (!this.#earlier) {
      const sorted = this.#sorted(nowMs, 3);
      this.#earlier = { days: sorted.length, second: sorted[1], spread: spreadOf(sorted) };
    }
    return this.#earlier;
  }

  /** Forgets the days before today from that many ms ago on: what they have seen is no habit. */
  unlearn(nowMs: number, ms: number): void {
    this.#roll(nowMs);
    const days = Math.min(
      Math.floor(nowMs / this.periodMs) - Math.floor((nowMs - ms) / this.periodMs),
      this.#earliest,
    );
    for (let ago = 1; ago <= days; ago += 1)
      if (this.#highs) this.#highs[this.from + ((this.#day - ago) % remembered)] = 0;
    this.#forget();
  }

  save(): SavedHighs {
    const all = this.#highs;
    if (!all || this.#day < 0) return { day: 0, highs: [] };
    const highs = Array.from({ length: remembered }, (_, index) => {
      const value = all[this.from + ((this.#day + 1 + index) % remembered)] as number;
      return Number(value.toPrecision(4));
    });
    const first = highs.findIndex((high) => high > 0);
    return first === -1 ? { day: 0, highs: [] } : { day: this.#day, highs: highs.slice(first) };
  }

  load({ day, highs }: SavedHighs): void {
    if (highs.length === 0) return;
    this.#day = day;
    this.#highs ??= new Array<number>(remembered).fill(0);
    const all = this.#highs.fill(0, this.from, this.from + remembered);
    for (const [index, high] of highs.entries())
      all[this.from + ((((day + 1 + index - highs.length) % remembered) + remembered) % remembered)] = high;
    this.#forget();
  }

  #roll(nowMs: number): void {
    const day = Math.floor(nowMs / this.periodMs);
    if (day <= this.#day) return;
    const highs = this.#highs;
    const first = Math.max(this.#day, day - remembered) + 1;
    if (highs) for (let one = first; one <= day; one += 1) highs[this.from + (one % remembered)] = 0;
    this.#day = day;
    this.#forget();
  }

  #forget(): void {
    this.#usual = -1;
    this.#earlier = undefined;
  }

  /** The third highest of the days before today; 0 where there are not as many. */
  #third(): number {
    if (!this.#highs) return 0;
    let [first, second, third] = [0, 0, 0];
    for (let ago = this.#earliest; ago >= 1; ago -= 1) {
      const high = this.#at(ago);
      if (high <= third) continue;
      if (high > first) [first, second, third] = [high, first, second];
      else if (high > second) [second, third] = [high, second];
      else third = high;
    }
    return third;
  }

  /** The oldest remembered day, in days before today. */
  get #earliest(): number {
    return Math.min(remembered - 1, this.#day);
  }

  #at(ago: number): number {
    return this.#highs?.[this.from + ((this.#day - ago) % remembered)] ?? 0;
  }

  /** The highs of days with anything in them, from `latest` days ago on, the highest first. */
  #sorted(nowMs: number, latest: number): number[] {
    this.#roll(nowMs);
    const values: number[] = [];
    for (let ago = latest; ago <= this.#earliest; ago += 1) if (this.#at(ago) > 0) values.push(this.#at(ago));
    return values.sort((one, other) => other - one);
  }
}

function spreadOf(sorted: readonly number[]): number {
  if (sorted.length < 2) return 0;
  const middle = Math.log(sorted[sorted.length >> 1] as number);
  const distances = sorted
    .map((value) => Math.abs(Math.log(value) - middle))
    .sort((one, other) => one - other);
  return madToDeviation * (distances[distances.length >> 1] as number);
}
