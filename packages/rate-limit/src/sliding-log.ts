/** Distinct times that are kept exactly; a fuller log joins later requests to steps of a sixtieth of the window. */
const exactTimes = 60;
/** Steps of a window in a fuller log. */
export const stepsOfWindow = 60;

/**
 * The requests of one sliding window: times in rising order, each with its number of requests, at most 121 times. A request leaves exactly
 * a window after it came while the log has fewer than sixty times, and otherwise up to a sixtieth of the window later; never earlier. So no
 * window contains more than is admitted.
 */
export class SlidingLog {
  readonly #times: number[] = [];
  readonly #counts: number[] = [];
  #total = 0;

  constructor(private readonly windowMs: number) {}

  get total(): number {
    return this.#total;
  }

  get size(): number {
    return this.#times.length;
  }

  /** Removes requests that have left the window at `nowMs`. */
  expire(nowMs: number): void {
    let gone = 0;
    while (gone < this.#times.length && (this.#times[gone] ?? 0) + this.windowMs <= nowMs) {
      this.#total -= this.#counts[gone] ?? 0;
      gone += 1;
    }
    if (gone === 0) return;
    this.#times.splice(0, gone);
    this.#counts.splice(0, gone);
  }

  /** Adds requests, and returns the time under which they are kept. A clock that goes back adds them to the latest time. */
  add(nowMs: number, cost: number): number {
    const last = this.#times.length - 1;
    const latestMs = this.#times[last] ?? Number.NEGATIVE_INFINITY;
    const atMs = Math.max(latestMs, this.#times.length < exactTimes ? nowMs : this.#endOfStep(nowMs));
    if (atMs === latestMs) this.#counts[last] = (this.#counts[last] ?? 0) + cost;
    else {
      this.#times.push(atMs);
      this.#counts.push(cost);
    }
    this.#total += cost;
    return atMs;
  }

  /** Takes requests back that are kept under a time; none where that time has fewer. */
  remove(atMs: number, cost: number): void {
    const index = this.#times.lastIndexOf(atMs);
    const count = this.#counts[index] ?? 0;
    if (count < cost) return;
    this.#total -= cost;
    if (count > cost) this.#counts[index] = count - cost;
    else {
      this.#times.splice(index, 1);
      this.#counts.splice(index, 1);
    }
  }

  /** When the total will have fallen to `limit`; for one that is there already, when the oldest request leaves. Ms; `undefined` when empty. */
  fallsToMs(limit: number): number | undefined {
    let left = this.#total;
    for (const [index, atMs] of this.#times.entries()) {
      left -= this.#counts[index] ?? 0;
      if (left <= limit) return atMs + this.windowMs;
    }
    return undefined;
  }

  #endOfStep(nowMs: number): number {
    const stepMs = Math.max(1, Math.floor(this.windowMs / stepsOfWindow));
    return (Math.floor(nowMs / stepMs) + 1) * stepMs - 1;
  }
}
