import { seededRandom } from '../../src/forest/seeded-random.js';

/** Draws of one seed. */
export interface Dice {
  /** From 0 (included) to 1 (excluded). */
  uniform(): number;
  between(least: number, most: number): number;
  /** Around its median, spread by the deviation of its logarithm. */
  lognormal(median: number, deviation: number): number;
  poisson(mean: number): number;
  exponential(mean: number): number;
}

export function diceOf(seed: number): Dice {
  const uniform = seededRandom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    uniform,
    between: (least, most) => least + (most - least) * uniform(),
    lognormal: (median, deviation) => median * Math.exp(deviation * normal()),
    exponential: (mean) => -mean * Math.log(1 - uniform()),
    poisson(mean) {
      if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
      const limit = Math.exp(-mean);
      let count = 0;
      for (let product = uniform(); product > limit; product *= uniform()) count += 1;
      return count;
    },
  };
}
