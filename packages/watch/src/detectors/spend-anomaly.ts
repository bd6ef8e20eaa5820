import type { Horizon, SubjectRecord } from '../features/subject-record.js';
import type { Suspicion } from './finding.js';

/** The least score that is reported. */
const leastScore = 3;
/** The least multiple of the usual value that is reported. */
const leastTimes = 3;
const minuteMs = 60_000;
/** Of how much more it must be, 5 minutes' grow so fast with the length: an hour's are 5.7 times as much, a day's 53 times. */
const growth = 0.7;
/** The highest score of the least reported amount, and the increase with each doubling. */
const scoreOfLeast = 5.5;
const scoreOfDoubling = 1.5;
/** Spending that has ended is not reported: this share of the mean pace of an hour or a day must still be reached. */
const stillGoing = 0.25;
/** The usual spend of an unknown subject in five minutes, as a multiple of the minimum; and the certainty of that. */
const usualOfStrangers = 2;
const deviationOfStrangers = 0.5;
/** The highest score of a subject without history. */
const mostOfStrangers = 7;

const nameOf = ({ lengthMs }: Horizon): string =>
  lengthMs < 3_600_000 ? 'usdIn5Minutes' : lengthMs < 86_400_000 ? 'usdInAnHour' : 'usdInADay';

/**
 * Far more money than usual, over five minutes, an hour (at this hour of the week) or a day, and still continuing; at least `minimumUsd`
 * more in five minutes. The score grows with the deviation, up to a maximum that depends on the amount: 5.5 for the least amount, 8 for 3.2
 * times that. For a subject without history, the deviation from a fixed amount.
 */
export function spendAnomaly(
  { spend, usdUnit }: SubjectRecord,
  nowMs: number,
  minimumUsd: number,
): Suspicion | undefined {
  const [first] = spend;
  if (first && !first.baseline.isWarm) return stranger(first.sum.sum(nowMs), minimumUsd);
  let worst: Suspicion | undefined;
  for (const [place, horizon] of spend.entries()) {
    const deviation = horizon.baseline.compare(nowMs, horizon.sum.sum(nowMs), usdUnit);
    if (!deviation || deviation.score < leastScore) continue;
    const { expected, seen } = deviation;
    const least = minimumUsd * (horizon.lengthMs / (5 * minuteMs)) ** growth;
    if (seen < leastTimes * expected || seen - expected < least) continue;
    const shorter = spend[place - 1];
    if (shorter && shorter.sum.sum(nowMs) / shorter.lengthMs < (stillGoing * seen) / horizon.lengthMs)
      continue;
    const score = Math.min(
      deviation.score,
      scoreOfLeast + scoreOfDoubling * Math.log2((seen - expected) / least),
    );
    if (score <= (worst?.score ?? 0)) continue;
    worst = { detector: 'spend', score, features: [{ feature: nameOf(horizon), expected, seen }] };
  }
  return worst;
}

function stranger(seen: number, minimumUsd: number): Suspicion | undefined {
  const expected = usualOfStrangers * minimumUsd;
  const score = Math.min(Math.log(seen / expected) / deviationOfStrangers, mostOfStrangers);
  if (score < leastScore) return undefined;
  return { detector: 'spend', score, features: [{ feature: 'usdIn5Minutes', expected, seen }] };
}
