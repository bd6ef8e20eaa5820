import type { Horizon } from '../features/horizon.js';
import type { SubjectRecord } from '../features/subject-record.js';
import type { Suspicion } from './finding.js';

/** The least score that is reported. */
const leastScore = 3;
/** The least multiple of the usual value that is reported. */
const leastTimes = 2.5;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
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
/** The highest score of a subject without history below {@link mostOfStrangers}; from there on it is enough to suspend. */
const cautious = 7;
/** A subject without history is stopped at this multiple of the minimum in five minutes: with dear calls, and with usual ones. */
const mostOfStrangers = { dear: 16, usual: 40 };
/** Or at this multiple of that in an hour. */
const timesInAnHour = 2;
/** A call is dear from this multiple of the minimum on. */
const dearCall = 1;
/**
 * Where requests are as many as usual and only cost more each (by this score), the customer has changed its model or its prompts: `cost`
 * reports that, and limits it.
 */
const dearerFrom = 4;
const usualTimes = 1.5;
const mostOfDearer = 5.5;
/** The least amount that counts, as a share of `minimumUsd`: what follows from it is mild. */
const leastShare = 0.25;

const nameOf = ({ lengthMs }: Horizon): string =>
  lengthMs < hourMs ? 'usdIn5Minutes' : lengthMs < 24 * hourMs ? 'usdInAnHour' : 'usdInADay';

/**
 * Far more money than is a habit, over five minutes, an hour or a day, and still continuing; at least a quarter of `minimumUsd` more in five
 * minutes. The score grows with the deviation, up to a maximum that depends on the amount: 5.5 for the least amount, 8 for 3.2 times that. A subject
 * without history, such as a new key, is compared with a fixed amount, or with its tenant's habit; a model or all callers together are not.
 */
export function spendAnomaly(
  { subject, spend, requests, costs, usdUnit, usdEach }: SubjectRecord,
  nowMs: number,
  minimumUsd: number,
  parent?: SubjectRecord,
): Suspicion | undefined {
  const [first] = spend;
  if (first.usual(nowMs) === undefined) {
    const isCustomer = subject.tenant !== undefined && subject.kind !== 'feature';
    return isCustomer ? stranger(spend, nowMs, minimumUsd, usdEach, parent) : undefined;
  }
  let worst: Suspicion | undefined;
  // Requests that cost more each are separate evidence.
  const dearer = Math.max(costs.compare()?.score ?? 0, 0);
  const isUsualPace = dearer >= dearerFrom && isUsual(requests[1], nowMs);
  for (const [place, horizon] of spend.entries()) {
    const seen = horizon.sum(nowMs);
    const least = leastShare * minimumUsd * (horizon.lengthMs / (5 * minuteMs)) ** growth;
    if (seen < least) continue;
    const deviation = horizon.compare(nowMs, usdUnit);
    if (!deviation || deviation.score < leastScore) continue;
    const { expected } = deviation;
    if (seen < leastTimes * expected || seen - expected < least) continue;
    const shorter = spend[place - 1];
    if (shorter && shorter.sum(nowMs) / shorter.lengthMs < (stillGoing * seen) / horizon.lengthMs) continue;
    const score = Math.min(
      Math.hypot(deviation.score, dearer),
      scoreOfLeast + scoreOfDoubling * Math.log2((seen - expected) / least),
    );
    const counted = isUsualPace ? Math.min(score, mostOfDearer) : score;
    if (counted <= (worst?.score ?? 0)) continue;
    worst = { detector: 'spend', score: counted, features: [{ feature: nameOf(horizon), expected, seen }] };
  }
  return worst;
}

/** Whether a subject's requests of the last hour are about as many as in its usual busiest hour. */
const isUsual = (horizon: Horizon, nowMs: number): boolean =>
  horizon.sum(nowMs) <= usualTimes * (horizon.highs.usual(nowMs) ?? 0);

function stranger(
  [five, hour]: SubjectRecord['spend'],
  nowMs: number,
  minimumUsd: number,
  usdEach: number,
  parent: SubjectRecord | undefined,
): Suspicion | undefined {
  const seen = five.sum(nowMs);
  // Its first days, and its tenant, tell something about it.
  const known = Math.max(five.highs.highest(nowMs) ?? 0, parent?.spend[0].usual(nowMs) ?? 0);
  const expected = Math.max(usualOfStrangers * minimumUsd, known);
  const { dear, usual } = mostOfStrangers;
  const most = Math.max((usdEach >= dearCall * minimumUsd ? dear : usual) * minimumUsd, 4 * known);
  const isMuch = seen >= most || hour.sum(nowMs) >= timesInAnHour * most;
  const score = isMuch ? 8 : Math.min(Math.log(seen / expected) / deviationOfStrangers, cautious);
  if (score < leastScore) return undefined;
  return { detector: 'spend', score, features: [{ feature: 'usdIn5Minutes', expected, seen }] };
}
