/** Deviations that are added up, per day: what is below does not count, what is far above counts as much as this. */
const slack = 0.75;
const mostInADay = 5;
const most = 12;
const dayMs = 86_400_000;
const stepMs = 3_600_000;

/**
 * A cumulative sum of how far a day's amount is above the usual one (CUSUM: E. S. Page, Continuous Inspection Schemes, 1954): small
 * deviations that last add up, those of single days do not. In standard deviations times days.
 */
export class SlowSum {
  #sum = 0;
  #atMs = Number.NaN;

  get sum(): number {
    return this.#sum;
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
  }

  save(): readonly [number, number] {
    return [Number(this.#sum.toFixed(2)), Number.isNaN(this.#atMs) ? 0 : this.#atMs];
  }

  load([sum, atMs]: readonly [number, number]): void {
    this.#sum = sum;
    if (atMs > 0) this.#atMs = atMs;
  }
}
