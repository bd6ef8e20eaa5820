import type { StreamEntry } from './outbox-stream.js';

const firstPauseMs = 250;
const longestPauseMs = 5_000;

/** Entries of one stream that this process has and its sinks did not take: tried again together, at growing distances, until they do. */
export class RefusedEntries {
  readonly #since = new Map<string, { entry: StreamEntry; sinceMs: number }>();
  #pauseMs = firstPauseMs;
  #dueMs = 0;

  /** `nowMs` is a monotonic clock. */
  constructor(private readonly nowMs: () => number) {}

  get size(): number {
    return this.#since.size;
  }

  has(id: string): boolean {
    return this.#since.has(id);
  }

  /** Those that are to be tried now: all or none. */
  due(): StreamEntry[] {
    if (this.#since.size === 0 || this.nowMs() < this.#dueMs) return [];
    return [...this.#since.values()].map(({ entry }) => entry);
  }

  /** Records the outcome of entries that were tried from `sinceMs` on. */
  note(tried: readonly StreamEntry[], taken: readonly StreamEntry[], sinceMs: number): void {
    for (const entry of tried) if (!this.#since.has(entry.id)) this.#since.set(entry.id, { entry, sinceMs });
    for (const { id } of taken) this.#since.delete(id);
    if (tried.length === 0) return;
    this.#pauseMs = taken.length > 0 ? firstPauseMs : Math.min(longestPauseMs, 2 * this.#pauseMs);
    this.#dueMs = this.nowMs() + this.#pauseMs;
  }

  /** Whether the sinks have taken another entry since this one was first tried: then it is the entry that is at fault. */
  isAtFault({ id }: StreamEntry, takenAtMs: number): boolean {
    const sinceMs = this.#since.get(id)?.sinceMs;
    return sinceMs !== undefined && takenAtMs > sinceMs;
  }

  /** Another consumer has it now, or it was set aside. */
  forget({ id }: StreamEntry): void {
    this.#since.delete(id);
  }
}
