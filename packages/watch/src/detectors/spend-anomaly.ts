import type { Horizon, SubjectRecord } from '../features/subject-record.js';
import type { Suspicion } from './finding.js';

/** From this score on something is said. */
const leastScore = 3;
/** And only of this many times what is usual. */
const leastTimes = 3;
/** What somebody nothing is known of may spend in five minutes, as a multiple of the minimum; and how sure we can be of that. */
const usualOfStrangers = 2;
const deviationOfStrangers = 0.5;
/** Without evidence nobody is accused of more than this. */
const mostOfStrangers = 7;

const nameOf = ({ lengthMs }: Horizon): string =>
  lengthMs < 3_600_000 ? 'usdIn5Minutes' : lengthMs < 86_400_000 ? 'usdInAnHour' : 'usdInADay';

/**
 * Far more money than is usual, over five minutes, an hour (at this hour of the week) or a day; at least `minimumUsd` more. Of whom nothing is known
 * yet, what is much for a stranger.
 */
export function spendAnomaly(
  { spend }: SubjectRecord,
  nowMs: number,
  minimumUsd: number,
): Suspicion | undefined {
  const [first] = spend;
  if (first && !first.baseline.isWarm) return stranger(first.sum.sum(nowMs), minimumUsd);
  let worst: Suspicion | undefined;
  for (const horizon of spend) {
    const deviation = horizon.baseline.compare(nowMs, horizon.sum.sum(nowMs));
    if (!deviation || deviation.score < leastScore || deviation.score <= (worst?.score ?? 0)) continue;
    const { expected, seen, score } = deviation;
    if (seen < leastTimes * expected || seen - expected < minimumUsd) continue;
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
