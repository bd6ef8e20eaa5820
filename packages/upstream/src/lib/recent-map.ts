/** A map that keeps the most recently used entries: its keys contain names that clients choose, so its size is bounded. */
export class RecentMap<Value> {
  readonly #values = new Map<string, Value>();

  constructor(
    private readonly most: number,
    private readonly make: (key: string) => Value,
  ) {}

  /** The value of a key, made where there is none. */
  get(key: string): Value {
    const known = this.#values.get(key);
    if (known !== undefined) {
      if (this.#values.size > this.most / 2) {
        this.#values.delete(key);
        this.#values.set(key, known);
      }
      return known;
    }
    if (this.#values.size >= this.most) {
      for (const oldest of this.#values.keys()) {
        this.#values.delete(oldest);
        break;
      }
    }
    const made = this.make(key);
    this.#values.set(key, made);
    return made;
  }

  /** The value of a key, if there is one. */
  peek(key: string): Value | undefined {
    return this.#values.get(key);
  }
}
