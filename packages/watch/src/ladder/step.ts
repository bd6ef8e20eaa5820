import type { Finding } from '../detectors/finding.js';
import type { Subject } from '../features/subject.js';
import type { MitigationOutcome } from './mitigation.js';
import type { Action } from './policy.js';

/** Actions with enough effect on a caller to be counted, and limited by the blast radius. */
export type HardAction = Extract<Action, { do: 'challenge' | 'tighten' | 'rotate' | 'suspend' }>;

/** An action to be taken on a subject. */
interface Step<Chosen extends HardAction = HardAction> {
  readonly finding: Finding;
  readonly action: Chosen;
  readonly target: Subject;
  readonly lengthMs: number;
}

/** Carries a step out. Never rejects. */
export type Executor<Name extends HardAction['do']> = (
  step: Step<Extract<HardAction, { do: Name }>>,
) => Promise<MitigationOutcome>;

const customers: ReadonlySet<Subject['kind']> = new Set(['key', 'user', 'team', 'tenant']);

/** Whether a step means anything for this target. */
export function canHit(action: HardAction, { kind }: Subject): boolean {
  if (action.do === 'rotate') return kind === 'key';
  if (action.do === 'suspend') return customers.has(kind) || kind === 'model' || kind === 'global';
  return customers.has(kind) || (action.do === 'tighten' && kind === 'global');
}

export const isHard = (action: Action): action is HardAction =>
  action.do === 'challenge' || action.do === 'tighten' || action.do === 'rotate' || action.do === 'suspend';
