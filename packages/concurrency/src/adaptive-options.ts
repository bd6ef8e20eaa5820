import { accepts, checkOptions } from '@tollgate/core/internal';
import { AdaptiveLimit } from './adaptive-limit.js';
import { AimdRule } from './aimd-rule.js';
import { GradientRule } from './gradient-rule.js';
import { fixedLimit, type PermitLimit } from './permit-limit.js';

/** How the limit follows the measurements. */
export interface AdaptiveOptions {
  /**
   * `gradient`: less as latency grows beyond `tolerance` × unloaded. `aimd`: one more for each good window, a tenth less for one with
   * failures or slower than `slowMs`. @defaultValue 'gradient'
   */
  algorithm?: 'gradient' | 'aimd';
  /** Never below. Positive integer, at most `limit`. @defaultValue 1 */
  min?: number;
  /** Where it begins. Integer from `min` to `limit`. @defaultValue 20, within these */
  initial?: number;
  /**
   * The end of a request's timing: the response's headers, or its end. A stream takes as long as its response is long, which does not show
   * load. @defaultValue 'firstByte'
   */
  latency?: 'firstByte' | 'end';
  /** How much slower than unloaded is well (`gradient`), 1 to 10. @defaultValue 1.5, as Netflix' Gradient2Limit */
  tolerance?: number;
  /** Mean latency that is too slow (`aimd`), in ms. Positive integer. @defaultValue 5_000, as Netflix' AIMDLimit */
  slowMs?: number;
  /** Share of failed requests above which the limit is lowered by a tenth, 0 < share ≤ 1. @defaultValue 0.1 */
  failedShare?: number;
  /** Length of a measurement before each step, in ms, 10 to 600 000. @defaultValue 1_000 (1 s), as Netflix' WindowedLimit */
  windowMs?: number;
  /** And at how many requests at least. Positive integer. @defaultValue 10, as Netflix' WindowedLimit */
  minSamples?: number;
}

export function adaptiveCheck(value: unknown): true | string {
  return typeof value === 'boolean' || accepts.object(value) === true || 'true, false or an object';
}

/** The limit for the options, and where latency is measured. Throws a `TypeError` for a wrong or unknown one. */
export function limitFrom(
  adaptive: boolean | AdaptiveOptions | undefined,
  most: number,
): { limit: PermitLimit; latency: 'firstByte' | 'end' | undefined } {
  if (!adaptive) return { limit: fixedLimit(most), latency: undefined };
  const given = adaptive === true ? {} : adaptive;
  checkOptions<AdaptiveOptions>('concurrency: adaptive', given, {
    algorithm: accepts.oneOf('gradient', 'aimd'),
    min: accepts.integerBetween(1, most),
    initial: accepts.integerBetween(1, most),
    latency: accepts.oneOf('firstByte', 'end'),
    tolerance: (value) => (typeof value === 'number' && value >= 1 && value <= 10) || 'a number from 1 to 10',
    slowMs: accepts.positiveInteger,
    failedShare: accepts.share,
    windowMs: accepts.integerBetween(10, 600_000),
    minSamples: accepts.positiveInteger,
  });
  const { algorithm = 'gradient', min = 1, failedShare = 0.1, tolerance = 1.5, slowMs = 5_000 } = given;
  const initial = given.initial ?? Math.min(most, Math.max(min, 20));
  if (initial < min) {
    throw new TypeError(
      `concurrency: adaptive: "initial" must be at least "min", received ${initial} and ${min}`,
    );
  }
  const rule =
    algorithm === 'aimd'
      ? new AimdRule({ failedShare, slowMs })
      : new GradientRule({ failedShare, tolerance });
  const { windowMs = 1_000, minSamples = 10, latency = 'firstByte' } = given;
  return { limit: new AdaptiveLimit(rule, { min, max: most, initial, windowMs, minSamples }), latency };
}
