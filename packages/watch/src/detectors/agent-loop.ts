import type { SubjectRecord } from '../features/subject-record.js';
import type { Suspicion } from './finding.js';

/** Alike requests from which on a loop is reported. */
const leastRequests = 12;
/** Six prompts in turns, or fewer. */
const leastRepetition = 0.6;
/** A clock or a program that waits for each answer, not people. */
const mostIrregularity = 0.35;
/** Requests a minute of a key that nothing is known of yet. */
const usualOfStrangers = 2;

/**
 * A key sends the same prompts repeatedly, alone or in turns, far faster than usual for it. Without prompt hashes (`meter({
 * promptHashSecret })`), its requests must be as regular as a machine's.
 */
export function agentLoop({ rhythm, requests }: SubjectRecord, nowMs: number): Suspicion | undefined {
  const [horizon] = requests;
  if (rhythm.size < leastRequests || !horizon) return undefined;
  const { repetition, irregularity } = rhythm;
  if (repetition === undefined ? irregularity > mostIrregularity : repetition < leastRepetition)
    return undefined;
  const seen = horizon.sum.sum(nowMs);
  const deviation = horizon.baseline.compare(nowMs, seen, 1);
  const expected = deviation?.expected ?? usualOfStrangers;
  const score = deviation?.score ?? Math.log(seen / expected) / 0.5;
  if (score < 3 || seen < 3 * expected) return undefined;
  return {
    detector: 'agent-loop',
    score: score * (1 + (repetition ?? 0)),
    features: [
      { feature: 'requestsInAMinute', expected, seen },
      repetition === undefined
        ? { feature: 'irregularity', expected: 1, seen: irregularity }
        : { feature: 'repetition', expected: 0, seen: repetition },
    ],
  };
}
