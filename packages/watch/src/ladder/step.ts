import type { Finding } from '../detectors/finding.js';
import type { Subject } from '../features/subject.js';
import type { Mitigation, MitigationOutcome } from './mitigation.js';
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

/** A challenge becomes harder when a score has risen by so much. */
const scoreStep = 1;

/** Whether a step is harder than the one in effect: the rule of a higher score, or a challenge that has become too easy. */
export function isHarder(finding: Finding, action: HardAction, noted: Mitigation | undefined): boolean {
  if (!noted || (action.do !== 'challenge' && action.do !== 'tighten')) return false;
  const risen = finding.score - noted.finding.score;
  return noted.action === action ? action.do === 'challenge' && risen >= scoreStep : risen > 0;
}
