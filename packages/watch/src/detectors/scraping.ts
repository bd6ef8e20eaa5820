import type { SubjectRecord } from '../features/subject-record.js';
import type { Suspicion } from './finding.js';

const leastRequests = 12;
const mostIrregularity = 0.35;
const mostRepetition = 0.2;
/** Weight of regularity. */
const ofRegularity = 1.25;
/** Requests of an hour from which on their number alone counts. */
const leastInAnHour = 200;

/**
 * A key requests a series of different things far faster than is its habit: in a minute, as regularly as a machine, or for an hour, however
 * regularly.
 */
export function scraping({ conduct, requests }: SubjectRecord, nowMs: number): Suspicion | undefined {
  if (!conduct) return undefined;
  const { rhythm } = conduct;
  if (rhythm.size < leastRequests) return undefined;
  const { repetition, irregularity } = rhythm;
  if ((repetition ?? 1) > mostRepetition) return undefined;
  const isRegular = irregularity <= mostIrregularity;
  const [minute, hour] = requests;
  const inHour = hour.sum(nowMs) >= leastInAnHour ? hour.compare(nowMs, 2) : undefined;
  const inMinute = isRegular ? minute.compare(nowMs, 1) : undefined;
  const ofMinute = (inMinute?.score ?? 0) * ofRegularity;
  const ofHour = (inHour?.score ?? 0) * (isRegular ? ofRegularity : 1);
  const [deviation, score, feature] =
    ofMinute >= ofHour
      ? ([inMinute, ofMinute, 'requestsInAMinute'] as const)
      : ([inHour, ofHour, 'requestsInAnHour'] as const);
  if (!deviation || score < 3 || deviation.seen < 3 * deviation.expected) return undefined;
  const { expected, seen } = deviation;
  return {
    detector: 'scraping',
    score,
    features: [
      { feature, expected, seen },
      { feature: 'irregularity', expected: 1, seen: irregularity },
    ],
  };
}
