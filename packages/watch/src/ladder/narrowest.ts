import type { Finding } from '../detectors/finding.js';
import { type Subject, subjectKey } from '../features/subject.js';

/** From this share on a finding about several is one key's doing. */
const dominant = 0.8;

/** The one key that a finding about its tenant, team, user or feature is owed to; otherwise whom it is about. */
export function narrowest(finding: Finding): Subject {
  const { subject } = finding;
  return subject.tenant === undefined ? subject : culpritOf(finding);
}

/** The subject of a person's decision: a detector and its target. */
export const matterOf = (finding: Finding): string => `${finding.detector} ${subjectKey(narrowest(finding))}`;

/** The one key that a finding is owed to, whomever it is about; otherwise whom it is about. */
export function culpritOf({ subject, contributors }: Finding): Subject {
  if (subject.kind === 'key') return subject;
  const key = contributors.find(({ kind, share }) => kind === 'key' && share >= dominant);
  return key ? { kind: 'key', name: key.name, tenant: subject.tenant } : subject;
}
