/** What this process knows of a partition. */
export interface Standing {
  /** It was seen at this time, by the server's clock, rounded down as scripts write it down; one that knows only earlier is an older copy. */
  readonly seenMs: number;
  /** Which generation this process counts in; 0: any will do. */
  readonly generation: number;
}

/** Scripts write down when they ran, in steps of so many ms. */
const stepMs = 100;
const nothing: Standing = { seenMs: 0, generation: 0 };

/** What this process knows of each partition: sent with every call, so that a partition that was lost meanwhile is noticed. */
export class Standings {
  readonly #seenMs = new Map<number, number>();

  of(partition: number): Standing {
    const seenMs = this.#seenMs.get(partition);
    return seenMs === undefined ? nothing : { seenMs, generation: 0 };
  }

  /** A script has run there at this time of the server's. */
  saw(partition: number, nowMs: number): void {
    const seenMs = nowMs - (nowMs % stepMs);
    if (seenMs > (this.#seenMs.get(partition) ?? 0)) this.#seenMs.set(partition, seenMs);
  }

  forget(partition: number): void {
    this.#seenMs.delete(partition);
  }
}
