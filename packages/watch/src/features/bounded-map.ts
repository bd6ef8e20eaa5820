/**
 * A map for names that clients choose: beyond `capacity` the least recently used entry is evicted. Uses are not recorded before it is half
 * full, since that takes longer than a look-up: until then an entry counts as used when it was added.
 */
export class BoundedMap<Value> {
  readonly #entries = new Map<string, Value>();

  /** `evicted` is called for each entry that had to go for another. */
  constructor(
    readonly capacity: number,
    private readonly evicted?: (value: Value) => void,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  /** Reads a value without marking it as used. */
  peek(name: string): Value | undefined {
    return this.#entries.get(name);
  }

  /** The value of a name, made where there is none; it counts as used now. */
  use(name: string, make: () => Value): Value {
    const known = this.#entries.get(name);
    if (known !== undefined && 2 * this.#entries.size < this.capacity) return known;
    const value = known ?? make();
    if (known !== undefined) this.#entries.delete(name);
    this.#entries.set(name, value);
    if (this.#entries.size > this.capacity) {
      const [oldest] = this.#entries;
      if (oldest) {
        this.#entries.delete(oldest[0]);
        this.evicted?.(oldest[1]);
      }
    }
    return value;
  }

  set(name: string, value: Value): void {
    this.#entries.delete(name);
    this.use(name, () => value);
  }

  delete(name: string): void {
    this.#entries.delete(name);
  }

  entries(): IterableIterator<[string, Value]> {
    return this.#entries.entries();
  }
}
