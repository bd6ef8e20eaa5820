import type { UsageEvent } from '@tollgate/core';

/** The kinds of subjects with a record. */
export const subjectKinds = Object.freeze([
  'global',
  'tenant',
  'team',
  'user',
  'key',
  'model',
  'feature',
  'network',
] as const);
export type SubjectKind = (typeof subjectKinds)[number];

/** A watched person, key, network or model. */
export interface Subject {
  readonly kind: SubjectKind;
  /** As the switch names it: of a team, user and feature `<tenant>/<name>`; empty for global. */
  readonly name: string;
  /** Whose it is; absent of models, networks and global. */
  readonly tenant?: string | undefined;
}

export const everybody: Subject = Object.freeze({ kind: 'global', name: '' });

export const subjectKey = ({ kind, name }: Subject): string => `${kind}:${name}`;

/** A subject of an event, with its key, which is made once for all who look it up. */
export interface SeenSubject {
  readonly subject: Subject;
  readonly key: string;
}

/** Everything that an event is about; the label `feature` names a feature. */
export function subjectsOf({ tenant, team, user, keyId, model, labels }: UsageEvent): SeenSubject[] {
  const subjects: Subject[] = [
    everybody,
    { kind: 'tenant', name: tenant, tenant },
    { kind: 'model', name: model },
  ];
  if (team !== undefined) subjects.push({ kind: 'team', name: `${tenant}/${team}`, tenant });
  if (user !== undefined) subjects.push({ kind: 'user', name: `${tenant}/${user}`, tenant });
  if (keyId !== undefined) subjects.push({ kind: 'key', name: keyId, tenant });
  if (labels.feature !== undefined) {
    subjects.push({ kind: 'feature', name: `${tenant}/${labels.feature}`, tenant });
  }
  return subjects.map((subject) => ({ subject, key: subjectKey(subject) }));
}
