import type { FeatureSeen, Suspicion } from './finding.js';

/** The least mean score of a key's latest requests that is reported. */
const leastScore = 8;
/** Least score of pace from which regularity counts. */
const leastPace = 2;
/** The weight of perfect regularity, of requests that are all alike, or of being refused every time. */
const most = 3;
/** The weight of an isolation forest's score of 1, above the 0.5 of an average row: 10. */
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

/** The contribution of each reason; from a row of `requestFeatures`, and the forest's score of it. */
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
 * A request's risk: its key's spend and rate, the cost of each request, its regularity when it is fast, its share of refusals, and the
 * isolation forest's score. Usual values add nothing; the others add up like independent deviations, as the root of the sum of squares.
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
