import type { Caller } from '@tollgate/core';

/** The id under which revocations list the parent of a child: the key's id, or else a text that no key id can be. */
export function parentIdOf({ keyId, tenant, id }: Pick<Caller, 'keyId' | 'tenant' | 'id'>): string {
  return keyId ?? JSON.stringify([tenant, id]);
}
