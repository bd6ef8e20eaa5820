/** By this the median absolute deviation of a normal distribution becomes its standard deviation: 1 / Φ⁻¹(3/4). */
export const madToDeviation = 1.482_602_218_505_602;

/**
 * Median and spread of the latest values: half of them may be wild without moving either far. Memory is bounded by `capacity`. Both are computed when they are
 * first asked for after a value was added.
 */
export class RollingMedian {
  readonly #ring: number[] = [];
  #next = 0;
  #median = Number.NaN;
  #deviation = Number.NaN;

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.#ring.length;
  }

  /** Adds a finite value; beyond the capacity the oldest is removed. */
  add(value: number): void {
    this.#ring[this.#next] = value;
    this.#next = (this.#next + 1) % this.capacity;
    this.#median = Number.NaN;
  }

  /** The values, the oldest first. */
  get values(): number[] {
    const { length } = this.#ring;
    const first = length < this.capacity ? 0 : this.#next;
    return Array.from({ length }, (_, index) => this.#ring[(first + index) % this.capacity] as number);
  }

  /** `NaN` while there are no values. */
  get median(): number {
    if (Number.isNaN(this.#median)) this.#compute();
    return this.#median;
  }

  /** 1.4826 × the median absolute deviation: the standard deviation, were the values normal. `NaN` while there are no values. */
  get deviation(): number {
    if (Number.isNaN(this.#median)) this.#compute();
    return this.#deviation;
  }

  #compute(): void {
    const sorted = [...this.#ring].sort((one, other) => one - other);
    this.#median = medianOfSorted(sorted);
    this.#deviation = madToDeviation * medianDistance(sorted, this.#median);
  }
}

/** The median of the distances from a point in the middle: they grow to either side, so the nearer side is taken until half are. */
function medianDistance(sorted: readonly number[], middle: number): number {
  let above = placeOf(sorted, middle);
  let below = above - 1;
  let before = Number.NaN;
  let distance = Number.NaN;
  for (let taken = 0; taken <= sorted.length >> 1; taken += 1) {
    before = distance;
    const up = (sorted[above] ?? Number.POSITIVE_INFINITY) - middle;
    const down = middle - (sorted[below] ?? Number.NEGATIVE_INFINITY);
    distance = Math.min(up, down);
    if (up <= down) above += 1;
    else below -= 1;
  }
  return sorted.length % 2 === 1 ? distance : (before + distance) / 2;
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

function medianOfSorted(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
