/** Requests remembered. */
const remembered = 32;

/** How the latest requests followed each other, and how alike they were. */
export class Rhythm {
  /** Grow with the requests, since many keys make few. */
  readonly #times: number[] = [];
  /** Of the prompts, 0 for none: plain arrays of numbers take a tenth of the texts and a map of them. */
  readonly #prints: number[] = [];
  /** Prompts without those of which there is another later one. */
  #distinct = 0;
  #hashed = 0;
  #count = 0;

  /** `print` is the same for the same prompt; absent without prompt hashes. */
  add(nowMs: number, print: string | undefined): void {
    const place = this.#count % remembered;
    const before = this.#prints[place];
    if (before) {
      this.#prints[place] = 0;
      this.#hashed -= 1;
      if (!this.#prints.includes(before)) this.#distinct -= 1;
    }
    const hash = print === undefined ? 0 : hashOf(print);
    if (hash !== 0) {
      if (!this.#prints.includes(hash)) this.#distinct += 1;
      this.#hashed += 1;
    }
    this.#times[place] = nowMs;
    this.#prints[place] = hash;
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
    return this.#hashed < this.size || this.#hashed === 0 ? undefined : 1 - this.#distinct / this.#hashed;
  }

  /**
   * How varied the prompts are: the Shannon entropy of their hashes over the most that as many requests can have, 0 (one prompt) to 1 (all
   * different); 1 without prompt hashes.
   */
  get entropy(): number {
    if (this.#hashed < 2 || this.#hashed < this.size) return 1;
    const sorted = this.#prints.slice(0, this.size).sort((one, other) => one - other);
    let sum = 0;
    let from = 0;
    for (let at = 1; at <= sorted.length; at += 1) {
      if (sorted[at] === sorted[from]) continue;
      const share = (at - from) / sorted.length;
      sum -= share * Math.log(share);
      from = at;
    }
    return sum / Math.log(sorted.length);
  }

  /** From the first to the last of them, ms. */
  get spanMs(): number {
    return this.size < 2 ? 0 : this.#at(this.#count - 1) - this.#at(this.#count - this.size);
  }

  #at(index: number): number {
    return this.#times[index % remembered] as number;
  }
}

/** 31 bits of a print, never 0 (FNV-1a). */
function hashOf(print: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < print.length; at += 1) hash = Math.imul(hash ^ print.charCodeAt(at), 0x01000193);
  return (hash >>> 1) | 1;
}
