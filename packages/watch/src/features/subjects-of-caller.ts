import type { Caller } from '@tollgate/core';
import type { Subject } from './subject.js';

/** Everything that a caller is part of. */
export function subjectsOfCaller({ tenant, team, user, keyId }: Caller): Subject[] {
  const subjects: Subject[] = [{ kind: 'tenant', name: tenant, tenant }];
  if (keyId !== undefined) subjects.push({ kind: 'key', name: keyId, tenant });
  if (team !== undefined) subjects.push({ kind: 'team', name: `${tenant}/${team}`, tenant });
  if (user !== undefined) subjects.push({ kind: 'user', name: `${tenant}/${user}`, tenant });
  return subjects;
}
