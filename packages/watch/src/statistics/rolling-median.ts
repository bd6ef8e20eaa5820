/** By this the median absolute deviation of a normal distribution becomes its standard deviation: 1 / Φ⁻¹(3/4). */
const madToDeviation = 1.482_602_218_505_602;

/** Median and spread of the latest values: half of them may be wild without moving either far. Memory is bounded by `capacity`. */
export class RollingMedian {
  readonly #ring: Float64Array;
  readonly #sorted: number[] = [];
  #next = 0;
  #deviation = Number.NaN;
  #added = 0;

  constructor(capacity: number) {
    this.#ring = new Float64Array(capacity);
  }

  get size(): number {
    return this.#sorted.length;
  }

  /** Takes a finite value in; beyond the capacity the oldest goes. */
  add(value: number): void {
    const sorted = this.#sorted;
    if (sorted.length === this.#ring.length)
      sorted.splice(placeOf(sorted, this.#ring[this.#next] as number), 1);
    sorted.splice(placeOf(sorted, value), 0, value);
    this.#ring[this.#next] = value;
    this.#next = (this.#next + 1) % this.#ring.length;
    this.#added += 1;
  }

  /** `NaN` while there are no values. */
  get median(): number {
    return medianOfSorted(this.#sorted);
  }

  /** 1.4826 × the median absolute deviation: the standard deviation, were the values normal. Of many values up to a sixteenth may be too new for it. */
  get deviation(): number {
    if (this.#added > this.size >> 4 || Number.isNaN(this.#deviation)) {
      this.#added = 0;
      const { median } = this;
      const distances = Float64Array.from(this.#sorted, (value) => Math.abs(value - median)).sort();
      this.#deviation = madToDeviation * medianOfSorted(distances);
    }
    return this.#deviation;
  }
}

/** The first place whose value is not smaller. */
function placeOf(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function medianOfSorted(sorted: ArrayLike<number>): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
