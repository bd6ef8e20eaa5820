import type { LimitOverride } from '@tollgate/core';
import type { ListedKey, ListedTenant } from '@tollgate/postgres';
import { UsageError } from '../command/failure.js';
import type { People } from '../command/people.js';
import type { AdminApi } from './admin-api.js';
import type { AuditAnswer, Data, IssuedAnswer, KeyAnswer, TenantAnswer } from './answers.js';

const msOf = (iso: string | null): number | undefined => (iso === null ? undefined : Date.parse(iso));
const isoOf = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();
const partOf = (id: string): string => encodeURIComponent(id);

/** Keys, tenants, limits and the audit trail by the admin API of a running app. Changes are made in the name of its login. */
export function remoteRegistry(api: AdminApi): People {
  const keyAction = (action: string) => async (keyId: string) => {
    await api.change(`/keys/${partOf(keyId)}/${action}`);
  };
  const tenantAction = (action: string) => async (tenant: string) => {
    await api.change(`/tenants/${partOf(tenant)}/${action}`);
  };
  return {
    keys: {
      async create({ expiresAtMs, live, ...facts }) {
        const asked = { ...facts, expires_at: isoOf(expiresAtMs), test: live === false };
        const { key, secret } = await api.change<IssuedAnswer>('/keys', asked);
        return { key: secret, keyId: key.key_id };
      },
      async rotate(keyId, { overlapMs, live }) {
        const asked = { overlap_ms: overlapMs, test: live === false };
        const { secret } = await api.change<IssuedAnswer>(`/keys/${partOf(keyId)}/rotate`, asked);
        return { key: secret, keyId };
      },
      list: async ({ tenant, limit } = {}) =>
        (await api.list<KeyAnswer>('/keys', { tenant }, limit)).map(keyOf),
      async expire(keyId, atMs) {
        await api.change(`/keys/${partOf(keyId)}/expire`, { at: isoOf(atMs) });
      },
      ...{ revoke: keyAction('revoke'), disable: keyAction('disable'), enable: keyAction('enable') },
    },
    tenants: {
      async create(tenant, facts) {
        await api.change('/tenants', { tenant, ...facts });
      },
      list: async () => (await api.list<TenantAnswer>('/tenants')).map(tenantOf),
      ...{ disable: tenantAction('disable'), enable: tenantAction('enable') },
    },
    overrides: {
      async set({ keyId, ...override }) {
        await api.change('/overrides', { ...override, key_id: keyId });
      },
      async clear({ keyId, ...subject }) {
        const asked = { ...subject, key_id: keyId };
        return (await api.change<{ readonly removed: number }>('/overrides/clear', asked)).removed;
      },
      async list({ tenant } = {}) {
        type Answer = Data<Omit<LimitOverride, 'keyId'> & { readonly key_id?: string }>;
        const { data } = await api.get<Answer>('/overrides', { tenant });
        return data.map(({ key_id: keyId, ...rest }) => ({ ...rest, keyId }));
      },
    },
    get revocations(): never {
      throw new UsageError('child credentials are revoked in the database itself, not by --url');
    },
    async audit({ tenant, limit = 100 } = {}) {
      const found = await api.list<AuditAnswer>('/audit', { tenant }, limit);
      return found.map(({ at, tenant: of, ...rest }) => ({
        ...rest,
        at: new Date(at),
        tenant: of ?? undefined,
      }));
    },
    readers: async () => api.confirmedBy ?? [],
  };
}

function keyOf(key: KeyAnswer): ListedKey {
  return {
    ...{ keyId: key.key_id, tenant: key.tenant, plan: key.plan, scopes: key.scopes, labels: key.labels },
    ...{ name: key.name ?? undefined, team: key.team ?? undefined, user: key.user ?? undefined },
    ...{ models: key.models ?? undefined, createdAtMs: Date.parse(key.created_at) },
    ...{ expiresAtMs: msOf(key.expires_at), disabledAtMs: msOf(key.disabled_at) },
    ...{ revokedAtMs: msOf(key.revoked_at), overlapEndsAtMs: msOf(key.overlap_ends_at) },
  };
}

function tenantOf({ tenant, name, teams, keys, created_at, disabled_at }: TenantAnswer): ListedTenant {
  return {
    ...{ tenant, teams, keys, name: name ?? undefined, createdAtMs: Date.parse(created_at) },
    disabledAtMs: msOf(disabled_at),
  };
}
