import type { TokenBucket } from './window.js';

/**
 * The drawn amount of a bucket: `whole − remainder ÷ denominator` units, never less than 0. Above the burst it is in debt. Everything is an
 * integer, so that refilling in many small steps gives exactly the same as one large step.
 */
export interface BucketLevel {
  /** Units drawn and not refilled, rounded up. Integer ≥ 0. */
  readonly whole: number;
  /** Refilled beyond that, in parts of a unit: 0 ≤ remainder < denominator. */
  readonly remainder: number;
  /** When it was so, ms since the epoch. */
  readonly atMs: number;
}

/** A bucket's refill as a reduced fraction: `numerator` parts each millisecond, `denominator` parts a unit. */
export interface RefillRate {
  readonly numerator: number;
  readonly denominator: number;
}

const rates = new WeakMap<TokenBucket, RefillRate>();

/** Units per millisecond in lowest terms. */
export function refillRate(bucket: TokenBucket): RefillRate {
  const known = rates.get(bucket);
  if (known) return known;
  const divisor = greatestCommonDivisor(bucket.rate, bucket.periodMs);
  const rate = { numerator: bucket.rate / divisor, denominator: bucket.periodMs / divisor };
  rates.set(bucket, rate);
  return rate;
}

/** The problem of a bucket, for the error message of its declaration; `undefined`: none. */
export function bucketProblem(bucket: TokenBucket): string | undefined {
  for (const name of ['rate', 'periodMs', 'burst'] as const) {
    const value = bucket[name];
    if (!Number.isSafeInteger(value) || value < 1)
      return `its ${name} must be a positive integer, received ${value}`;
  }
  const { denominator } = refillRate(bucket);
  return Number.isSafeInteger(bucket.burst * denominator)
    ? undefined
    : `burst ${bucket.burst} × period ${bucket.periodMs} ms cannot be counted exactly; use a rounder rate or a smaller burst`;
}

/** The level at a later moment. An earlier one changes nothing: time does not run backwards. */
export function refilled(level: BucketLevel, rate: RefillRate, nowMs: number): BucketLevel {
  const elapsedMs = nowMs - level.atMs;
  if (elapsedMs <= 0) return level;
  const { numerator, denominator } = rate;
  const parts = elapsedMs * numerator + level.remainder;
  if (!Number.isSafeInteger(parts)) return refilledSlowly(level, rate, nowMs);
  const units = Math.floor(parts / denominator);
  return units >= level.whole
    ? { whole: 0, remainder: 0, atMs: nowMs }
    : { whole: level.whole - units, remainder: parts - units * denominator, atMs: nowMs };
}

/** The same beyond 2^53 parts, which a long rest or a deep debt can reach. */
function refilledSlowly(level: BucketLevel, rate: RefillRate, nowMs: number): BucketLevel {
  const denominator = BigInt(rate.denominator);
  const parts = BigInt(nowMs - level.atMs) * BigInt(rate.numerator) + BigInt(level.remainder);
  const units = parts / denominator;
  return units >= BigInt(level.whole)
    ? { whole: 0, remainder: 0, atMs: nowMs }
    : { whole: level.whole - Number(units), remainder: Number(parts % denominator), atMs: nowMs };
}

/** The level after `units` more were drawn; negative gives back, at most until the bucket is full. */
export function drawn(level: BucketLevel, units: number): BucketLevel {
  const whole = level.whole + units;
  return whole <= 0
    ? { whole: 0, remainder: 0, atMs: level.atMs }
    : { whole, remainder: level.remainder, atMs: level.atMs };
}

/** Milliseconds after `level.atMs` until no more than `most` units (an integer ≥ 0) are drawn: exact, rounded up to the next ms. */
export function refillMs(level: BucketLevel, rate: RefillRate, most: number): number {
  const surplus = level.whole - most;
  if (surplus <= 0) return 0;
  const scaled = surplus * rate.denominator;
  if (Number.isSafeInteger(scaled)) {
    const parts = scaled - level.remainder;
    const rest = parts % rate.numerator;
    return (parts - rest) / rate.numerator + (rest > 0 ? 1 : 0);
  }
  const parts = BigInt(surplus) * BigInt(rate.denominator) - BigInt(level.remainder);
  const divisor = BigInt(rate.numerator);
  return Number((parts + divisor - 1n) / divisor);
}

function greatestCommonDivisor(a: number, b: number): number {
  let [left, right] = [a, b];
  while (right !== 0) [left, right] = [right, left % right];
  return left;
}
