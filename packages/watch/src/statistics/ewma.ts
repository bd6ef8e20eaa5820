/** The least share of a new value, by half-life: the same for many means. */
const shares: number[] = [];

/** Exponentially weighted mean: each value counts half as much after `halfLife` more values. Before that it is the plain mean. */
export class Ewma {
  #count = 0;
  #mean = 0;

  /** A positive integer. */
  constructor(private readonly halfLife: number) {
    shares[halfLife] ??= 1 - 2 ** (-1 / halfLife);
  }

  get count(): number {
    return this.#count;
  }

  /** 0 while there are no values. */
  get mean(): number {
    return this.#mean;
  }

  save(): readonly [count: number, mean: number] {
    return [this.#count, Number(this.#mean.toPrecision(6))];
  }

  load([count, mean]: readonly [count: number, mean: number]): void {
    this.#count = count;
    this.#mean = mean;
  }

  add(value: number): void {
    this.#count += 1;
    this.#mean += Math.max(shares[this.halfLife] as number, 1 / this.#count) * (value - this.#mean);
  }
}
