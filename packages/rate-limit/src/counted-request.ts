import type { CountedByGuard } from '@tollgate/core/internal';
import type { RateCount } from './verdict.js';

/** The counts of an admitted request, which can be returned to their windows once. A class: closures in fields of requests outlive them on V8 11. */
export class CountedRequest implements CountedByGuard {
  #counts: readonly RateCount[];

  /** @param before The counts of another limiter that the request has passed. */
  constructor(
    counts: readonly RateCount[],
    private readonly before: CountedByGuard | undefined,
  ) {
    this.#counts = counts;
  }

  /** Returns the counts of this limiter. */
  async giveBackOwn(): Promise<void> {
    const counts = this.#counts;
    this.#counts = [];
    await giveBack(counts);
  }

  giveBack(): void {
    void this.giveBackOwn();
    this.before?.giveBack();
  }
}

/** Returns a request to its windows. */
export async function giveBack(counts: readonly RateCount[]): Promise<void> {
  await Promise.all(counts.map(({ count }) => count.limiter.giveBack(count)));
}
