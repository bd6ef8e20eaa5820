import type { Horizon } from '../features/horizon.js';
import type { SubjectKind } from '../features/subject.js';
import type { SubjectRecord } from '../features/subject-record.js';
import type { SlowSum } from '../statistics/slow-sum.js';
import { surprise } from '../statistics/surprise.js';
import type { Suspicion } from './finding.js';

/** Days with anything in them before the latest two, from which on a usual day is known. */
const leastDays = 6;
/** The least spread of days, as a logarithm. */
const leastSpread = 0.2;
/** From this sum of deviations on, in standard deviations times days, the score is 4, and grows by one with each. */
const reportedFrom = 1.5;
/** The least amounts of a day about which anything is said. */
const leastUsd = 0.1;
const leastRequests = 30;
/** A rise that costs less than this a day, in US dollars, is reported, and not limited: its score stays below 6. */
const mildBelowUsd = 3;
const mostOfMild = 5.9;
/** A key's rise from this score on is not learned as a habit for a week after its begin: until then a person can look at it. */
const unlearnedFrom = 6;
const unlearnedForMs = 7 * 24 * 3_600_000;

/**
 * A subject spends or asks more than on its usual days, for days: little by little, or at a pace that no single hour shows. The score is 4
 * from 1.5 standard deviations times days on; it is 6 after two days at twice the usual, for a customer whose days are alike.
 */
export function slowRise(record: SubjectRecord, nowMs: number): Suspicion | undefined {
  const { kind } = record.subject;
  const bySpend = rise(kind, record.spend[2], record.slowSpend, nowMs, leastUsd, record.usdUnit);
  const byRequests = rise(kind, record.requests[2], record.slowRequests, nowMs, leastRequests, 2);
  const [feature, found] =
    (bySpend?.score ?? 0) >= (byRequests?.score ?? 0)
      ? (['usdInADay', bySpend] as const)
      : (['requestsInADay', byRequests] as const);
  if (!found) return undefined;
  const { score, expected, seen } = found;
  const [, , day] = record.spend;
  const usd = day.sum(nowMs);
  const usdMore = Math.max(usd - (day.highs.earlier(nowMs).second ?? 0), 0);
  // Of models that are declared free, money says nothing.
  const isMild = usd > 0 && usdMore < mildBelowUsd;
  return {
    detector: 'slow-rise',
    score: isMild ? Math.min(score, mostOfMild) : score,
    features: [{ feature, expected, seen }],
    usdPerHour: usdMore / 24,
  };
}

function rise(
  kind: SubjectKind,
  day: Horizon,
  slow: SlowSum,
  nowMs: number,
  least: number,
  unit: number,
): { score: number; expected: number; seen: number } | undefined {
  if (slow.isDue(nowMs)) {
    const lastsMs = slow.lasts(nowMs);
    const isUnlearned = kind === 'key' && scoreOf(slow) >= unlearnedFrom && lastsMs <= unlearnedForMs;
    if (isUnlearned) day.highs.unlearn(nowMs, lastsMs);
    const { days, second, spread } = day.highs.earlier(nowMs);
    const isKnown = second !== undefined && days >= leastDays;
    slow.step(nowMs, isKnown ? surprise(day.sum(nowMs), second, Math.max(spread, leastSpread), unit) : 0);
  }
  if (slow.sum < reportedFrom) return undefined;
  const { second: expected } = day.highs.earlier(nowMs);
  const seen = day.sum(nowMs);
  if (expected === undefined || seen < least || seen < 1.3 * expected) return undefined;
  return { score: scoreOf(slow), expected, seen };
}

const scoreOf = ({ sum }: SlowSum): number => 4 + sum - reportedFrom;
