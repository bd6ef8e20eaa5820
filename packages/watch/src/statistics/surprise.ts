/** Newton's method doubles the number of correct digits with each step; from above it never passes the root. */
const steps = 12;

/**
 * How surprising it is to see more than expected, as a z-score: 0 where not more is seen. Two causes of chance are taken into account: the
 * pace itself varies (its logarithm by `deviation`), and events occur at random (as Poisson's, `unit` each; 0: too many to matter). For a
 * large number of events it is ln(seen / expected) / deviation; for few it is smaller: ten requests where one is usual surprise less than a
 * thousand where a hundred is.
 *
 * It is the signed root of the deviance of a Poisson variable with a log-normal mean, at the likeliest mean: the smallest x² / s² + 2 (k
 * ln(k / n) − k x − k + n eˣ) over x, for k events where n were expected.
 */
export function surprise(seen: number, expected: number, deviation: number, unit: number): number {
  const difference = Math.log(seen / expected);
  if (!(difference > 0)) return difference > Number.NEGATIVE_INFINITY ? difference / deviation : 0;
  if (!(unit > 0)) return difference / deviation;
  const count = seen / unit;
  const usual = expected / unit;
  const precision = 1 / (deviation * deviation);
  // likeliest logarithm of the mean, in expected ones: where x / s² + n eˣ = k
  let shift = difference;
  for (let step = 0; step < steps; step += 1) {
    const mean = usual * Math.exp(shift);
    const change = (shift * precision + mean - count) / (precision + mean);
    shift -= change;
    if (change < 1e-9) break;
  }
  const rest = count * (difference - shift) - count + usual * Math.exp(shift);
  return Math.sqrt(shift * shift * precision + 2 * Math.max(rest, 0));
}
