const hourMs = 3_600_000;
const hoursOfWeek = 168;
/** The weight of the wider profile, in weeks of evidence. */
const priorWeeks = 1;
/** Time constant of an hour's mean, in weeks. */
const memoryWeeks = 6;
/** An hour above this multiple of the average is learned as this multiple: an incident does not make its hour look expensive. */
const mostTimes = 8;

/** Hour of the week in UTC, 0 to 167; 0 is the first hour of Thursday, as the epoch was. */
const hourOfWeek = (atMs: number): number => Math.floor(atMs / hourMs) % hoursOfWeek;

/**
 * The ratio of an hour of the week to the average hour: learned from hourly sums. An hour of the week with too little evidence uses the
 * same hour of other days, and that the average; so a new subject's factor is 1.
 */
export class SeasonalProfile {
  readonly #mean = new Float32Array(hoursOfWeek);
  readonly #weeks = new Uint8Array(hoursOfWeek);
  /** Sums of the last week's hours as they were. */
  readonly #latest = new Float32Array(hoursOfWeek);
  readonly #known = new Float32Array(hoursOfWeek);

  /** The sum of the hour that began at `hourStartMs`; hours without anything are 0, and count. */
  add(hourStartMs: number, sum: number): void {
    this.#known.fill(0);
    const hour = hourOfWeek(hourStartMs);
    this.#latest[hour] = sum;
    const learned = this.#clipped(hour, sum);
    const weeks = Math.min((this.#weeks[hour] as number) + 1, memoryWeeks);
    this.#weeks[hour] = weeks;
    this.#mean[hour] = (this.#mean[hour] as number) + (learned - (this.#mean[hour] as number)) / weeks;
  }

  /** At most a multiple of the usual sum of the hour or of all hours, once a day is known. */
  #clipped(hour: number, sum: number): number {
    const most = mostTimes * (this.#mean[hour] as number);
    if (sum <= most) return sum;
    const { mean, weeks } = this.#meanOf(0, 1);
    return weeks >= 24 && mean > 0 ? Math.min(sum, Math.max(most, mostTimes * mean)) : sum;
  }

  /** The factor of the average hour, never below 0.05. */
  factor(atMs: number): number {
    const hour = hourOfWeek(atMs);
    if (this.#known[hour] === 0) this.#known[hour] = this.#factorOf(hour);
    return this.#known[hour] as number;
  }

  /** The value that the same hour of the day has reached at least twice within the last week: a nightly job is a habit from its third night on. */
  habit(atMs: number): number {
    let most = 0;
    let second = 0;
    for (let hour = hourOfWeek(atMs) % 24; hour < hoursOfWeek; hour += 24) {
      const sum = this.#latest[hour] as number;
      if (sum > most) {
        second = most;
        most = sum;
      } else if (sum > second) second = sum;
    }
    return second;
  }

  #factorOf(hour: number): number {
    const overall = this.#meanOf(0, 1);
    if (overall.mean <= 0) return 1;
    const sameHour = this.#meanOf(hour % 24, 24);
    const daily = blend(sameHour.mean, sameHour.weeks, overall.mean);
    return Math.max(
      blend(this.#mean[hour] as number, this.#weeks[hour] as number, daily) / overall.mean,
      0.05,
    );
  }

  #meanOf(from: number, step: number): { mean: number; weeks: number } {
    let sum = 0;
    let weeks = 0;
    for (let hour = from; hour < hoursOfWeek; hour += step) {
      sum += (this.#mean[hour] as number) * (this.#weeks[hour] as number);
      weeks += this.#weeks[hour] as number;
    }
    return { mean: weeks > 0 ? sum / weeks : 0, weeks };
  }
}

function blend(mean: number, weeks: number, prior: number): number {
  return (mean * weeks + prior * priorWeeks) / (weeks + priorWeeks);
}
