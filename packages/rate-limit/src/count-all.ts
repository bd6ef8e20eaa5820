import type { CounterSubject } from '@tollgate/core/internal';
import type { CountedRate } from './rate.js';
import { StoreDownError } from './store-down-error.js';
import type { RateCount } from './verdict.js';

/**
 * Counts a request, as `cost` requests, in every window at once, so that there is one wait for a shared store. Calls back when all have responded, with the
 * counts and the most serious failure: any other error before a store that is down.
 */
export function countAll(
  rates: readonly CountedRate[],
  subject: CounterSubject,
  cost: number,
  done: (counts: readonly RateCount[], error: unknown) => void,
): void {
  if (rates.length === 0) {
    done([], undefined);
    return;
  }
  const keys = rates.map((rate) => rate.keyFor(subject));
  const found: (RateCount | undefined)[] = rates.map(() => undefined);
  let waiting = rates.length;
  let failure: unknown;
  for (let index = 0; index < rates.length; index += 1) {
    const rate = rates[index] as CountedRate;
    rate.limiter.count(keys[index] ?? '', rate.quota, cost, (count, error) => {
      if (count) found[index] = { rate, count };
      else if (failure === undefined || failure instanceof StoreDownError) failure = error;
      waiting -= 1;
      if (waiting > 0) return;
      done(
        found.filter((one) => one !== undefined),
        failure,
      );
    });
  }
}
