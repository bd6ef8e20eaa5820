/** A reservation that was admitted in memory, and its parts for which the store had to be called after all. */
export class SlicedReservation {
  /** Separate reservations in the store, by the attempt that they cover. */
  readonly #attempts = new Map<string, string>();
  /** The same, by the counters that joined. */
  readonly #joined = new Map<string, ReadonlySet<string>>();

  constructor(
    readonly id: string,
    readonly partition: string,
    readonly leaseMs: number,
    readonly declared: string | undefined,
  ) {}

  /** Every reservation in the store that belongs to it. */
  get parts(): string[] {
    return [...this.#attempts.values(), ...this.#joined.keys()];
  }

  /** Nothing of it had to be asked of the store. */
  get isWhole(): boolean {
    return this.#attempts.size === 0 && this.#joined.size === 0;
  }

  covered(attemptId: string, part: string): void {
    this.#attempts.set(attemptId, part);
  }

  joined(counters: readonly string[], part: string): void {
    this.#joined.set(part, new Set(counters));
  }

  /** The reservation in the store that an attempt is charged to; absent: it is charged in memory. */
  partOf(attemptId: string, counter: string): string | undefined {
    const part = this.#attempts.get(attemptId);
    if (part !== undefined) return part;
    for (const [joined, counters] of this.#joined) if (counters.has(counter)) return joined;
    return undefined;
  }
}
