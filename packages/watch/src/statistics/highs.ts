import { madToDeviation } from './rolling-median.js';

const dayMs = 86_400_000;
/** Days remembered: four of each weekday. */
const remembered = 28;

/** The saved form of {@link Highs}. */
export interface SavedHighs {
  readonly day: number;
  /** The highs of the latest days, the newest last; 0 for a day without anything. */
  readonly highs: readonly number[];
}

/**
 * The highest value of each of the latest 28 days (UTC, or hours), such as the most that was spent in five minutes, and the level that is a habit:
 * reached on at least three of them, at any hour. A nightly job, a weekly report and bursts of agents become usual by themselves, and a
 * single incident does not.
 */
export class Highs {
  /** By day, modulo their number. A plain array: a typed one of this size takes four times its content. */
  #highs: number[] = [];
  #day = Number.NaN;
  /** Of the days before today; computed when first asked for on a day. */
  #past: Past | undefined;
  #pastWithout: Past | undefined;

  /** `periodMs`: days, or hours of a subject that has not been seen on three days yet. */
  constructor(private readonly periodMs = dayMs) {}

  /** Takes a value of today. A clock that steps back counts as today. */
  see(nowMs: number, value: number): void {
    this.#roll(nowMs);
    const place = this.#day % remembered;
    if (value > (this.#highs[place] as number)) this.#highs[place] = value;
  }

  /** The level that is a habit: reached on three of the days before today. `undefined`: too few days. */
  usual(nowMs: number): number | undefined {
    return this.#before(nowMs).third;
  }

  /** The highest of the days before today. */
  highest(nowMs: number): number | undefined {
    return this.#before(nowMs).first;
  }

  /** Deviation of the logarithms of the days' highs, robust. */
  spread(nowMs: number): number {
    return this.#before(nowMs).spread;
  }

  /** The days before the latest two, so that a rise does not hide itself: their number, the second highest, and their spread. */
  earlier(nowMs: number): {
    readonly days: number;
    readonly second: number | undefined;
    readonly spread: number;
  } {
    this.#roll(nowMs);
    this.#pastWithout ??= this.#computed(2);
    return this.#pastWithout;
  }

  save(): SavedHighs {
    const count = this.#highs.length;
    const highs = Array.from({ length: count }, (_, index) => {
      const value = this.#highs[(this.#day + 1 + index) % remembered] as number;
      return Number(value.toPrecision(4));
    });
    const first = highs.findIndex((high) => high > 0);
    return first === -1 ? { day: 0, highs: [] } : { day: this.#day, highs: highs.slice(first) };
  }

  load({ day, highs }: SavedHighs): void {
    if (highs.length === 0) return;
    this.#day = day;
    this.#highs = new Array<number>(remembered).fill(0);
    for (const [index, high] of highs.entries())
      this.#highs[(((day + 1 + index - highs.length) % remembered) + remembered) % remembered] = high;
    this.#forget();
  }

  #before(nowMs: number): Past {
    this.#roll(nowMs);
    this.#past ??= this.#computed(0);
    return this.#past;
  }

  #roll(nowMs: number): void {
    const day = Math.floor(nowMs / this.periodMs);
    if (day <= this.#day) return;
    if (!(day - this.#day < remembered)) this.#highs = new Array<number>(remembered).fill(0);
    else for (let one = this.#day + 1; one <= day; one += 1) this.#highs[one % remembered] = 0;
    this.#day = day;
    this.#forget();
  }

  #forget(): void {
    this.#past = undefined;
    this.#pastWithout = undefined;
  }

  /** `skip`: how many of the latest days are left out. */
  #computed(skip: number): Past {
    const values: number[] = [];
    for (let ago = 1 + skip; ago < remembered && ago <= this.#day; ago += 1) {
      const high = this.#highs[(this.#day - ago) % remembered] as number;
      if (high > 0) values.push(high);
    }
    const sorted = values.sort((one, other) => other - one);
    const [first, second, third] = sorted;
    return { days: sorted.length, first, second, third, spread: spreadOf(sorted) };
  }
}

/** Figures of some days: the highest three highs, and the spread of all. */
interface Past {
  readonly days: number;
  readonly first: number | undefined;
  readonly second: number | undefined;
  readonly third: number | undefined;
  readonly spread: number;
}

function spreadOf(sorted: readonly number[]): number {
  if (sorted.length < 2) return 0;
  const middle = Math.log(sorted[sorted.length >> 1] as number);
  const distances = sorted
    .map((value) => Math.abs(Math.log(value) - middle))
    .sort((one, other) => one - other);
  return madToDeviation * (distances[distances.length >> 1] as number);
}
