import type { SubjectRecord } from '../features/subject-record.js';
import type { Suspicion } from './finding.js';

/** Requests from which on a loop is reported. */
const leastRequests = 12;
/** Six prompts in turns, or fewer. */
const leastRepetition = 0.6;
/** A clock or a program that waits for each answer, not people. */
const mostIrregularity = 0.35;
/** Requests a minute of a key that nothing is known of yet. */
const usualOfStrangers = 2;
const minuteMs = 60_000;
/** A loop is as fast as the usual busiest minute, or nearly, and no slower than this many requests a minute. */
const leastOfPeak = 0.75;
const leastPerMinute = 4;
/** Or it continues: this multiple of the usual busiest hour, and no fewer requests. */
const timesTheHour = 1.5;
const leastInAnHour = 60;
/** Repetition above the key's habit that is strange by itself, and the score of that for the whole difference. */
const strangeRepetition = 0.3;
const ofRepetition = 12;

/**
 * A key sends the same prompts repeatedly, alone or in turns: far more often than is its habit, and as fast as in its busiest minutes or
 * for longer than in its busiest hour; or far faster than usual for it. Without prompt hashes (`meter({ promptHashSecret })`), its requests
 * must be as regular as a machine's.
 */
export function agentLoop({ conduct, requests }: SubjectRecord, nowMs: number): Suspicion | undefined {
  if (!conduct) return undefined;
  const { rhythm, repetition: habits } = conduct;
  if (rhythm.size < leastRequests) return undefined;
  const { repetition, irregularity } = rhythm;
  if (repetition === undefined ? irregularity > mostIrregularity : repetition < leastRepetition)
    return undefined;
  const [minute, hour] = requests;
  const seen = minute.sum(nowMs);
  const deviation = minute.compare(nowMs, 1);
  const expected = deviation?.expected ?? usualOfStrangers;
  const pace = deviation?.score ?? Math.log(seen / expected) / 0.5;
  const usual = habits.usual(nowMs) ?? (deviation ? 0 : undefined);
  const strange = repetition === undefined || usual === undefined ? 0 : repetition - usual;
  const perMinute = (minuteMs * (rhythm.size - 1)) / Math.max(rhythm.spanMs, 1);
  const inHour = hour.sum(nowMs);
  const goesOn = inHour >= Math.max(timesTheHour * (hour.highs.usual(nowMs) ?? Infinity), leastInAnHour);
  const isQuick = perMinute >= Math.max(leastOfPeak * expected, leastPerMinute);
  const isLoop = strange >= strangeRepetition && (isQuick || goesOn);
  const isFast = pace >= 3 && seen >= 3 * expected;
  if (!isLoop && !isFast) return undefined;
  const ofPace = isFast ? pace * (1 + (repetition ?? 0)) : 0;
  return {
    detector: 'agent-loop',
    score: Math.max(ofPace, isLoop ? Math.max(pace, 0) + ofRepetition * strange : 0),
    features: [
      { feature: 'requestsInAMinute', expected, seen: Math.max(seen, perMinute) },
      repetition === undefined
        ? { feature: 'irregularity', expected: 1, seen: irregularity }
        : { feature: 'repetition', expected: usual ?? 0, seen: repetition },
    ],
  };
}
