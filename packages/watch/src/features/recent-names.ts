/** Recent names, each once: credentials that failed, networks of a key. Bounded; beyond, the one seen longest ago is evicted. */
export class RecentNames {
  readonly #lastSeenMs = new Map<string, number>();

  constructor(
    private readonly lengthMs: number,
    private readonly capacity: number,
  ) {}

  add(nowMs: number, name: string): void {
    this.#lastSeenMs.delete(name);
    this.#lastSeenMs.set(name, nowMs);
    if (this.#lastSeenMs.size > this.capacity) this.#drop();
  }

  /** How many were seen within the length. */
  count(nowMs: number): number {
    for (const seenMs of this.#lastSeenMs.values()) {
      if (nowMs - seenMs < this.lengthMs) break;
      this.#drop();
    }
    return this.#lastSeenMs.size;
  }

  #drop(): void {
    const [oldest] = this.#lastSeenMs.keys();
    if (oldest !== undefined) this.#lastSeenMs.delete(oldest);
  }
}
