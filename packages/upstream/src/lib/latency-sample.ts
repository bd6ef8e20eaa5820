const size = 128;
/** Responses needed for a 95th percentile. */
const enough = 20;

/** How long the last answers of a model took to begin, in milliseconds. */
export class LatencySample {
  readonly #latest = new Float64Array(size);
  #count = 0;
  #sorted: Float64Array | undefined;

  add(ms: number): void {
    this.#latest[this.#count % size] = ms;
    this.#count += 1;
    // Sorted again for every eighth response: it moves slowly.
    if (this.#count % 8 === 0) this.#sorted = undefined;
  }

  /** The time within which 19 of 20 answers began; `undefined` before 20 were seen. */
  get p95Ms(): number | undefined {
    return this.#within(0.95);
  }

  /** The time within which half of them did. */
  get p50Ms(): number | undefined {
    return this.#within(0.5);
  }

  #within(share: number): number | undefined {
    if (this.#count < enough) return undefined;
    this.#sorted ??= this.#latest.slice(0, Math.min(this.#count, size)).sort();
    return this.#sorted[Math.ceil(this.#sorted.length * share) - 1];
  }
}
