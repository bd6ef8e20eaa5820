import type { CredentialFailures } from '../features/credential-failures.js';
import type { Suspicion } from './finding.js';

/** Different credentials that fail from one network, at which the score is 8. */
const in10Minutes = 8;
const in24Hours = 12;

/**
 * Many different credentials fail from one network, within minutes or, low and slow, within a day. One bad credential that is sent
 * repeatedly is a mistake, and an office whose keys mostly work is no attacker.
 */
export function credentialStuffing(
  { fast, slow, failures, successes }: CredentialFailures,
  nowMs: number,
): Suspicion | undefined {
  const [quick, patient] = [fast.count(nowMs), slow.count(nowMs)];
  const score = Math.max((8 * quick) / in10Minutes, (8 * patient) / in24Hours);
  if (score < 4 || successes.sum(nowMs) > failures.sum(nowMs)) return undefined;
  return {
    detector: 'credential-stuffing',
    score,
    features: [
      { feature: 'credentialsFailedIn10Minutes', expected: 1, seen: quick },
      { feature: 'credentialsFailedInADay', expected: 2, seen: patient },
    ],
  };
}
