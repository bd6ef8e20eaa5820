import type { SubjectRecord } from '../features/subject-record.js';
import type { Suspicion } from './finding.js';

/** A key is used from many networks within ten minutes. `usual` of them are worth a look. */
export function keySharing({ networks }: SubjectRecord, nowMs: number, usual: number): Suspicion | undefined {
  const seen = networks.count(nowMs);
  if (seen < usual) return undefined;
  return {
    detector: 'key-sharing',
    score: (4 * seen) / usual,
    features: [{ feature: 'networksIn10Minutes', expected: usual / 4, seen }],
  };
}
