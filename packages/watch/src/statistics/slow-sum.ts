/** Deviations that are added up, per day: what is below does not count, what is far above counts as much as this. */
const slack = 0.75;
const mostInADay = 5;
const most = 12;
const dayMs = 86_400_000;
const stepMs = 3_600_000;

/** The saved form of {@link SlowSum}; the time at which it left 0 is absent in what earlier versions have saved. */
export type SavedSlowSum = readonly [sum: number, atMs: number, sinceMs?: number];

/**
 * A cumulative sum of how far a day's amount is above the usual one (CUSUM: E. S. Page, Continuous Inspection Schemes, 1954): small
 * deviations that last add up, those of single days do not. In standard deviations times days.
 */
export class SlowSum {
  #sum = 0;
  #atMs = Number.NaN;
  /** When it left 0; `NaN`: it is 0. */
  #sinceMs = Number.NaN;

  get sum(): number {
    return this.#sum;
  }

  /** How long the sum has been above 0, in ms; 0 while it is not. */
  lasts(nowMs: number): number {
    return Number.isNaN(this.#sinceMs) ? 0 : nowMs - this.#sinceMs;
  }

  /** Whether an hour has passed since the last step. */
  isDue(nowMs: number): boolean {
    return !(nowMs - this.#atMs < stepMs);
  }

  /** Takes the deviation of the last 24 hours, in standard deviations. */
  step(nowMs: number, deviation: number): void {
    const passed = Number.isNaN(this.#atMs) ? stepMs : Math.min(nowMs - this.#atMs, dayMs);
    this.#atMs = nowMs;
    const change = ((Math.min(deviation, mostInADay) - slack) * passed) / dayMs;
    this.#sum = Math.min(Math.max(this.#sum + change, 0), most);
    if (this.#sum === 0) this.#sinceMs = Number.NaN;
    else if (Number.isNaN(this.#sinceMs)) this.#sinceMs = nowMs - dayMs;
  }

  save(): SavedSlowSum {
    const known = (ms: number): number => (Number.isNaN(ms) ? 0 : ms);
    return [Number(this.#sum.toFixed(2)), known(this.#atMs), known(this.#sinceMs)];
  }

  load([sum, atMs, sinceMs = 0]: SavedSlowSum): void {
    this.#sum = sum;
    if (atMs > 0) this.#atMs = atMs;
    if (sinceMs > 0) this.#sinceMs = sinceMs;
  }
}
