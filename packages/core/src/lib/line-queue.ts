/**
 * Items on their way to a file: those of one turn, and those that come during a write, are written together, one write at a time and in
 * order. After a failed write they wait for the next one.
 */
export class LineQueue<Item> {
  #waiting: Item[] = [];
  #draining: Promise<boolean> | undefined;
  /** Asked for during a write. */
  #again = false;

  /** `write` takes a batch as a whole, or rejects; the batch is empty where nothing waits. `failed` hears of each failure. */
  constructor(
    private readonly write: (batch: readonly Item[]) => Promise<void>,
    private readonly failed: (error: unknown, batch: readonly Item[]) => void,
  ) {}

  /** How many wait for a write, without those that are being written. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Takes an item, for the next write. */
  add(item: Item): void {
    this.#waiting.push(item);
  }

  /** Writes at least once from now on, and until nothing waits (`true`) or a write fails (`false`). Never rejects. */
  drain(): Promise<boolean> {
    if (this.#draining) this.#again = true;
    else this.#draining = this.#drain();
    return this.#draining;
  }

  async #drain(): Promise<boolean> {
    await Promise.resolve(); // items of one turn are written together
    let isWritten = true;
    do {
      const batch = this.#waiting;
      this.#waiting = [];
      this.#again = false;
      try {
        await this.write(batch);
      } catch (error) {
        this.#waiting = [...batch, ...this.#waiting];
        isWritten = false;
        this.failed(error, batch);
      }
    } while (isWritten && (this.#waiting.length > 0 || this.#again));
    this.#draining = undefined;
    this.#again = false;
    return isWritten;
  }
}
