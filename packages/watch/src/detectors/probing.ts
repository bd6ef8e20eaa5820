import type { SubjectRecord } from '../features/subject-record.js';
import type { Suspicion } from './finding.js';

/** Refusals by which limits are found out. */
export const limitCodes: ReadonlySet<string> = new Set([
  'rate_limit_exceeded',
  'quota_exceeded',
  'budget_exceeded',
  'concurrency_exceeded',
  'request_exceeds_limit',
  'model_not_allowed',
  'model_not_priced',
  'unsupported_parameter',
]);

const refusalsWorthALook = 20;
const promptsWorthALook = 4;

/** A key is refused repeatedly within ten minutes, nine times of ten: it may be used to probe its limits. */
export function quotaProbing({ conduct }: SubjectRecord, nowMs: number): Suspicion | undefined {
  if (!conduct) return undefined;
  const seen = conduct.failed(nowMs, 'refusals');
  const answered = conduct.attempts.sum(nowMs);
  if (seen < refusalsWorthALook || answered > seen / 9) return undefined;
  const features = [{ feature: 'refusalsIn10Minutes', expected: refusalsWorthALook / 4, seen }];
  return { detector: 'quota-probing', score: (4 * seen) / refusalsWorthALook, features };
}

/** A key's prompts are refused repeatedly within ten minutes: it may be used to probe the guardrails. */
export function promptProbing({ conduct }: SubjectRecord, nowMs: number): Suspicion | undefined {
  const seen = conduct?.failed(nowMs, 'promptRefusals') ?? 0;
  if (seen < promptsWorthALook) return undefined;
  const features = [{ feature: 'promptsRefusedIn10Minutes', expected: 0, seen }];
  return { detector: 'prompt-probing', score: seen, features };
}
