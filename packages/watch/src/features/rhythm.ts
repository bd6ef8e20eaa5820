/** Requests remembered. */
const remembered = 32;

/** How the latest requests followed each other, and how alike they were. */
export class Rhythm {
  readonly #times = new Float64Array(remembered);
  readonly #prints: (string | undefined)[] = [];
  readonly #counts = new Map<string, number>();
  #count = 0;

  /** `print` is the same for the same prompt; absent without prompt hashes. */
  add(nowMs: number, print: string | undefined): void {
    const place = this.#count % remembered;
    const old = this.#prints[place];
    if (old !== undefined && this.#count >= remembered) this.#forget(old);
    this.#times[place] = nowMs;
    this.#prints[place] = print;
    if (print !== undefined) this.#counts.set(print, (this.#counts.get(print) ?? 0) + 1);
    this.#count += 1;
  }

  /** How many requests the figures below are of, at most 32. */
  get size(): number {
    return Math.min(this.#count, remembered);
  }

  /** Standard deviation of the gaps between requests over their mean: 0 a clock, about 1 people. */
  get irregularity(): number {
    const { size } = this;
    if (size < 3) return 1;
    let sum = 0;
    let squares = 0;
    for (let gap = this.#count - size + 1; gap < this.#count; gap += 1) {
      const ms = this.#at(gap) - this.#at(gap - 1);
      sum += ms;
      squares += ms * ms;
    }
    const mean = sum / (size - 1);
    if (mean <= 0) return 0;
    return Math.sqrt(Math.max(squares / (size - 1) - mean * mean, 0)) / mean;
  }

  /** Share of requests whose prompt was among the others, also in turns with others; `undefined` without prompt hashes. */
  get repetition(): number | undefined {
    let prints = 0;
    for (const count of this.#counts.values()) prints += count;
    return prints < this.size || prints === 0 ? undefined : 1 - this.#counts.size / prints;
  }

  /** From the first to the last of them, ms. */
  get spanMs(): number {
    return this.size < 2 ? 0 : this.#at(this.#count - 1) - this.#at(this.#count - this.size);
  }

  #at(index: number): number {
    return this.#times[index % remembered] as number;
  }

  #forget(print: string): void {
    const count = (this.#counts.get(print) ?? 1) - 1;
    if (count > 0) this.#counts.set(print, count);
    else this.#counts.delete(print);
  }
}
