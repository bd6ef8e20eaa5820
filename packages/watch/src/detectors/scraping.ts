import type { SubjectRecord } from '../features/subject-record.js';
import type { Suspicion } from './finding.js';

const leastRequests = 12;
const mostIrregularity = 0.35;
const mostRepetition = 0.2;

/** A key requests a series of different things, as regularly as a machine, far faster than usual for it. */
export function scraping({ rhythm, requests }: SubjectRecord, nowMs: number): Suspicion | undefined {
  const [horizon] = requests;
  if (rhythm.size < leastRequests || !horizon) return undefined;
  const { repetition, irregularity } = rhythm;
  if (irregularity > mostIrregularity || (repetition ?? 1) > mostRepetition) return undefined;
  const deviation = horizon.baseline.compare(nowMs, horizon.sum.sum(nowMs), 1);
  if (!deviation || deviation.score < 3 || deviation.seen < 3 * deviation.expected) return undefined;
  const { expected, seen, score } = deviation;
  return {
    detector: 'scraping',
    score: score * 1.25,
    features: [
      { feature: 'requestsInAMinute', expected, seen },
      { feature: 'irregularity', expected: 1, seen: irregularity },
    ],
  };
}
