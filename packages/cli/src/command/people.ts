import type { Registry } from '@tollgate/postgres';

type Keys = Pick<Registry['keys'], 'create' | 'rotate' | 'list' | 'expire' | 'revoke' | 'disable' | 'enable'>;

/** Keys, tenants and limits, in the database or behind the admin API. */
export interface People extends Pick<Registry, 'audit' | 'readers' | 'revocations'> {
  readonly keys: Keys;
  readonly tenants: Pick<Registry['tenants'], 'create' | 'list' | 'disable' | 'enable'>;
  readonly overrides: Pick<Registry['overrides'], 'set' | 'list' | 'clear'>;
}
