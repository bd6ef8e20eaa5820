/**
 * A fair sample of a stream of unknown length: each item seen so far is in it with the same chance (J. S. Vitter: Random Sampling with a
 * Reservoir, 1985, algorithm R). Memory is bounded by `capacity`.
 */
export class Reservoir<Item> {
  readonly #items: Item[] = [];
  #seen = 0;

  constructor(
    readonly capacity: number,
    private readonly random: () => number,
  ) {}

  /** How many items were offered. */
  get seen(): number {
    return this.#seen;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  /** Offers an item; `make` is asked for it only where it is kept. */
  offer(make: () => Item): void {
    this.#seen += 1;
    const place =
      this.#items.length < this.capacity ? this.#items.length : Math.floor(this.random() * this.#seen);
    if (place < this.capacity) this.#items[place] = make();
  }
}
