import type { FeatureSeen, Suspicion } from './finding.js';

/** From this score on, as the mean of a key's latest requests, something is said. */
const leastScore = 8;
/** Who is slower is not looked at for being like a machine: a score of pace. */
const leastPace = 2;
/** What being as regular as a clock, asking nothing but the same, or being refused always counts. */
const most = 3;
/** What a score of the isolation forest of 1 counts, above the 0.5 of what is like all others: 10. */
const ofForest = 20;

const reasons = [
  'spendScore',
  'requestsScoreMinute',
  'costScore',
  'regularity',
  'repetition',
  'refusalShare',
  'unlikeOthers',
] as const;

/** What each of the reasons adds; a row of `requestFeatures`, and the forest's score of it. */
function partsOf(row: readonly number[], forestScore: number): number[] {
  const [spend5 = 0, spendHour = 0, pace = 0, cost = 0, irregularity = 1, repetition = 0, , refusals = 0] =
    row;
  const isFast = pace >= leastPace;
  return [
    Math.max(spend5, spendHour, 0),
    Math.max(pace, 0),
    Math.max(cost, 0),
    isFast ? most * (1 - Math.min(irregularity, 1)) : 0,
    isFast ? most * repetition : 0,
    most * refusals,
    Math.max(forestScore - 0.5, 0) * ofForest,
  ];
}

/**
 * How suspicious a request is, all in all: how much its key spends, how fast it asks, how dear each request is, how much like a machine it is when it is
 * fast, how often it is refused, and how unlike all others the isolation forest finds it. What is usual adds nothing; the rest adds up like
 * deviations that have nothing to do with each other, as the root of the sum of squares.
 */
export function riskOf(row: readonly number[], forestScore: number): number {
  return Math.hypot(...partsOf(row, forestScore));
}

/** A key's requests are suspicious for several reasons at once, and keep being so: `mean` is that of their latest risks. */
export function unusual(mean: number, row: readonly number[], forestScore: number): Suspicion | undefined {
  if (mean < leastScore) return undefined;
  const features = partsOf(row, forestScore)
    .map((seen, place): FeatureSeen => ({ feature: reasons[place] as string, expected: 0, seen }))
    .filter(({ seen }) => seen > 0)
    .sort((one, other) => other.seen - one.seen);
  return { detector: 'unusual', score: mean, features };
}
