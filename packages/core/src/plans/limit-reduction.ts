import type { Limit, RequestRate } from './limit.js';
import { bucketProblem, refillRate } from './token-bucket.js';
import type { TokenBucket } from './window.js';

/** A temporary reduction of a caller's limits. */
export interface LimitReduction {
  /** Factor for all amounts, above 0 and below 1; amounts that are not 0 do not become 0. */
  readonly factor: number;
  /**
   * Applies to windows up to this length, in ms, and to concurrency. Longer ones stay: most of a month's usage is from before the unusual
   * behaviour, and a smaller cap would cut the caller off instead of slowing it down.
   */
  readonly windowsUpToMs: number;
}

const periodMs = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
  month: 2_678_400_000,
};

/** The reduced limit: same name, same counter. */
export function reducedLimit(limit: Limit, { factor, windowsUpToMs }: LimitReduction): Limit {
  if (windowMs(limit) > windowsUpToMs) return limit;
  const { window } = limit;
  const amount = scaled(limit.amount, factor);
  return Object.freeze({
    ...limit,
    amount,
    ...(limit.included !== undefined && { included: scaled(limit.included, factor) }),
    window: window.kind === 'bucket' ? reducedBucket(window, factor) : window,
  });
}

/** The reduced rate of requests. */
export function reducedRate(rate: RequestRate, { factor, windowsUpToMs }: LimitReduction): RequestRate {
  if (rate.windowMs > windowsUpToMs) return rate;
  const { amount, burst } = rate;
  return Object.freeze({
    ...rate,
    amount: scaled(amount, factor),
    ...(burst !== undefined && { burst: scaled(burst, factor) }),
  });
}

function windowMs({ window }: Limit): number {
  if (window.kind === 'live') return 0;
  return window.kind === 'bucket' ? window.periodMs : periodMs[window.period];
}

/** In steps of the bucket's own rate where any other would be too fine to be counted exactly. */
function reducedBucket(bucket: TokenBucket, factor: number): TokenBucket {
  const burst = scaled(bucket.burst, factor);
  const tightened = Object.freeze({ ...bucket, rate: scaled(bucket.rate, factor), burst });
  if (bucketProblem(tightened) === undefined) return tightened;
  const { numerator } = refillRate(bucket);
  return Object.freeze({ ...bucket, rate: scaled(numerator, factor) * (bucket.rate / numerator), burst });
}

const scaled = (amount: number, factor: number): number =>
  amount === 0 ? 0 : Math.max(1, Math.floor(amount * factor));
