import { type Caller, counterOf, type Limit, type Plans } from '@tollgate/core';
import { limitsFor, planOf } from '@tollgate/core/internal';

/** A caller's counted keys, to be released together. */
export type CallerHold = readonly string[];

/** Requests of callers that wait or run in this process. A caller's entry is removed with its last request. */
export class CallerCounts {
  readonly #counts = new Map<string, number>();

  constructor(private readonly plans: Plans) {}

  /** Counts one more, unless that exceeds a limit of the caller: then returns that limit, and counts nothing. */
  add(caller: Caller): CallerHold | Limit {
    const limits = limitsFor(planOf(this.plans, caller), caller).limits.filter(
      ({ unit, soft }) => unit === 'concurrent' && !soft,
    );
    const keys = limits.map((limit) => counterOf(limit, { caller }).counter);
    const reached = limits.find((limit, index) => (this.#counts.get(keys[index] ?? '') ?? 0) >= limit.amount);
    if (reached) return reached;
    for (const key of keys) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return keys;
  }

  remove(hold: CallerHold): void {
    for (const key of hold) {
      const count = (this.#counts.get(key) ?? 0) - 1;
      if (count > 0) this.#counts.set(key, count);
      else this.#counts.delete(key);
    }
  }

  /** How many counters are kept at the moment. */
  get size(): number {
    return this.#counts.size;
  }
}
