import type { SubjectRecord } from '../features/subject-record.js';
import type { Suspicion } from './finding.js';

/** The least networks of a day from which on sharing is considered, in multiples of those worth a look within ten minutes. */
const leastInADay = 1.5;
/** A key whose habit is not known yet may have this many times more: some programs have many networks. */
const timesOfStrangers = 3;
/** Of the logarithm of networks in a day. */
const deviation = 0.35;

/**
 * A key is used from many networks: within ten minutes, where `usual` of them are worth a look unless that many are a habit, or within a
 * day, compared with its own days.
 */
export function keySharing({ networks }: SubjectRecord, nowMs: number, usual: number): Suspicion | undefined {
  if (!networks) return undefined;
  const habitOfDays = networks.perDay.usual(nowMs);
  const habit = networks.usual(nowMs);
  const recent = networks.recent.count(nowMs);
  const { today } = networks;
  if (habitOfDays !== undefined && today >= leastInADay * usual && today > 2 * habitOfDays) {
    const score = Math.log(today / habitOfDays) / deviation;
    if (score >= 4)
      return {
        detector: 'key-sharing',
        score,
        features: [{ feature: 'networksInADay', expected: habitOfDays, seen: today }],
      };
  }
  if (recent < usual || (habit !== undefined && recent <= 2 * habit)) return undefined;
  const score = (4 * recent) / usual / (habit === undefined ? timesOfStrangers : 1);
  if (score < 4) return undefined;
  return {
    detector: 'key-sharing',
    score,
    features: [{ feature: 'networksIn10Minutes', expected: usual / 4, seen: recent }],
  };
}
