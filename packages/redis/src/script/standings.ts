/** This process's knowledge of a partition. */
export interface Standing {
  /** It was seen at this time, by the server's clock, rounded down as scripts record it; a partition with an earlier time is an older copy. */
  readonly seenMs: number;
  /** Which generation this process counts in; 0: any will do, because nothing is rebuilt; -1: none yet. */
  readonly generation: number;
}

/** Scripts record the time of their runs in steps of this many ms. */
const stepMs = 100;

/** This process's knowledge of each partition: sent with every call, so that a partition that was lost meanwhile is noticed. */
export class Standings {
  readonly #unknown: Standing;
  readonly #known = new Map<number, Standing>();

  /** `generation`: the assumed one of an unknown partition. */
  constructor(generation: 0 | -1) {
    this.#unknown = { seenMs: 0, generation };
  }

  of(partition: number): Standing {
    return this.#known.get(partition) ?? this.#unknown;
  }

  /** A script has run there at this time of the server's. */
  saw(partition: number, nowMs: number): void {
    const { seenMs, generation } = this.of(partition);
    const nowSeenMs = nowMs - (nowMs % stepMs);
    if (nowSeenMs > seenMs) this.#known.set(partition, { seenMs: nowSeenMs, generation });
  }

  forget(partition: number): void {
    this.#known.delete(partition);
  }

  /** From now on this process counts in that generation of it. */
  adopt(partition: number, generation: number): void {
    this.#known.set(partition, { seenMs: 0, generation });
  }
}
