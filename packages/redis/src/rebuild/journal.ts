/** How long operations are kept, in ms: longer than a usage event takes to the ledger. */
const keptMs = 10_000;
/** Most operations kept, confirmed and unconfirmed separately; beyond it the oldest are dropped. */
const most = 10_000;

interface Done<Entry> {
  readonly entry: Entry;
  readonly atMs: number;
}

/**
 * The operations of this process that a lost partition may have taken along: those that the store has not confirmed, and recent ones whose
 * usage events may not have reached the ledger.
 */
export class Journal<Entry extends { readonly partition: string }> {
  readonly #now: () => number;
  readonly #keyOf: (entry: Entry) => string;
  readonly #unconfirmed = new Map<string, Entry>();
  #done: Done<Entry>[] = [];
  /** Where the first is that is kept of those that are done. */
  #first = 0;

  /** `now`: a monotonic clock, in ms. `keyOf`: identifies a repetition. */
  constructor(now: () => number, keyOf: (entry: Entry) => string) {
    this.#now = now;
    this.#keyOf = keyOf;
  }

  sent(entry: Entry): void {
    this.#unconfirmed.set(this.#keyOf(entry), entry);
    if (this.#unconfirmed.size <= most) return;
    const [oldest = ''] = this.#unconfirmed.keys();
    this.#unconfirmed.delete(oldest);
  }

  confirmed(entry: Entry): void {
    this.#unconfirmed.delete(this.#keyOf(entry));
    this.#done.push({ entry, atMs: this.#now() });
    this.#forget();
  }

  /** The recent operations. */
  done(): Entry[] {
    this.#forget();
    return this.#done.slice(this.#first).map(({ entry }) => entry);
  }

  unconfirmed(): Entry[] {
    return [...this.#unconfirmed.values()];
  }

  #forget(): void {
    const oldestMs = this.#now() - keptMs;
    const last = this.#done.length - most;
    while (this.#first < this.#done.length) {
      const { atMs } = this.#done[this.#first] as Done<Entry>;
      if (atMs >= oldestMs && this.#first >= last) break;
      this.#first += 1;
    }
    if (this.#first < 1_000) return;
    this.#done = this.#done.slice(this.#first);
    this.#first = 0;
  }
}
