import { type Mitigation, type MitigationOutcome, reasonOf } from '../ladder/mitigation.js';
import { culpritOf } from '../ladder/narrowest.js';
import type { ActionName } from '../ladder/policy.js';
import type { AlertReport, Severity } from './incident.js';

const told: Readonly<Record<ActionName, readonly [Severity, string] | undefined>> = {
  observe: undefined,
  tag: ['info', 'Tagged'],
  slow: ['warning', 'Slowed down'],
  limit: ['warning', 'Limited to the usual'],
  cheaper: ['warning', 'Put on cheaper models'],
  challenge: ['warning', 'Challenged'],
  tighten: ['warning', 'Limits tightened'],
  block: ['warning', 'Blocked'],
  rotate: ['error', 'Key rotated'],
  suspend: ['error', 'Suspended'],
};

const outcomeSays: Readonly<Record<MitigationOutcome, string>> = {
  applied: '',
  shadow: ', had this not been shadow mode',
  withheld: ' only when a person confirms it',
  'done-already': ', as it was already',
  failed: ': failed',
  undelivered: ', and its owner could not be given the new one',
  undone: ' no longer: a person has taken it back',
};

/** After a mitigation has ended, its incident stays open as long again for a further one, but no longer than this, in ms. */
const longestGraceMs = 600_000;

/** The report of a mitigation: one incident for each culprit, with any finding and action. Observations are not reported. */
export function mitigationReport(mitigation: Mitigation): AlertReport | undefined {
  const { id, atMs, action, target, untilMs, outcome, finding } = mitigation;
  const [severity, done] = told[action.do] ?? [];
  if (!severity || outcome === 'done-already') return undefined;
  const whom = target.kind === 'global' ? 'everything' : `${target.kind} ${target.name}`;
  const lengthMs = Math.max(untilMs - atMs, 1_000);
  const asksAPerson = outcome === 'withheld' || outcome === 'failed' || outcome === 'undelivered';
  const [first, second] = finding.features;
  const [top] = finding.contributors;
  const culprit = culpritOf(finding);
  return {
    key: `watch/${culprit.kind}/${culprit.name}`.slice(0, 200),
    kind: 'anomaly',
    severity: outcome === 'shadow' ? 'info' : asksAPerson ? 'critical' : severity,
    title: `${done}${outcomeSays[outcome]}: ${whom}; ${reasonOf(finding)}`,
    facts: {
      ...{
        detector: finding.detector,
        score: Math.round(finding.score * 10) / 10,
        action: action.do,
        outcome,
      },
      ...{ target: whom, tenant: target.tenant, until: new Date(untilMs).toISOString() },
      ...(first && { [`${first.feature} expected`]: first.expected, [`${first.feature} seen`]: first.seen }),
      ...(second && {
        [`${second.feature} expected`]: second.expected,
        [`${second.feature} seen`]: second.seen,
      }),
      contributor: top && `${top.kind} ${top.name}, ${Math.round(top.share * 100)} %`,
      confirm: outcome === 'withheld' ? id : undefined,
    },
    // The same from every process; a longer term is a new step.
    step: `${action.do} ${outcome} ${lengthMs}`,
    quietMs: lengthMs + Math.min(lengthMs, longestGraceMs),
  };
}
