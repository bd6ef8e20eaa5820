import type { CounterSubject } from '@tollgate/core/internal';
import type { CountedRate } from './rate.js';

/** The state of one of a caller's own windows of requests. */
export interface LimitStatus {
  /** Name of the limit, e.g. `requests-min`. */
  readonly name: string;
  /** Requests in the window. */
  readonly quota: number;
  readonly windowMs: number;
  readonly used: number;
  /** 0 or more. */
  readonly left: number;
  /** Ms since the epoch; absent where no window is open: one begins with the next request. */
  readonly resetsAtMs: number | undefined;
}

/** The states of a caller's own rates, in their order; counts nothing. Rejects where a store gives no result. */
export function limitStatusOf(
  rates: readonly CountedRate[],
  subject: CounterSubject,
): Promise<LimitStatus[]> {
  const own = rates.filter(({ ofCaller }) => ofCaller);
  return Promise.all(
    own.map(async ({ name, quota, windowMs, limiter, keyFor }) => {
      const found = await limiter.look(keyFor(subject));
      const used = found?.used ?? 0;
      return { name, quota, windowMs, used, left: Math.max(0, quota - used), resetsAtMs: found?.resetsAtMs };
    }),
  );
}
