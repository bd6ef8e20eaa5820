import type { SubjectRecord } from '../features/subject-record.js';
import type { Suspicion } from './finding.js';

const leastScore = 4;

/** The latest requests cost far more each than usual, or a model's tokens do: a leak in the prompt, a more expensive model, a new price. */
export function costAnomaly({ costs, subject }: SubjectRecord): Suspicion | undefined {
  const deviation = costs.compare();
  if (!deviation || deviation.score < leastScore) return undefined;
  const { expected, seen, score } = deviation;
  const feature = subject.kind === 'model' ? 'usdPerToken' : 'usdPerRequest';
  return { detector: 'cost', score, features: [{ feature, expected, seen }] };
}
