import type { Caller } from '@tollgate/core';

/** What revocations call the parent of a child: the key's id, else something that no key id can be. */
export function parentIdOf({ keyId, tenant, id }: Pick<Caller, 'keyId' | 'tenant' | 'id'>): string {
  return keyId ?? JSON.stringify([tenant, id]);
}
