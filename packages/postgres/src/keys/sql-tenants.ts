import { canBeStored, checkIds, checkTexts, containing } from './names.js';
import { ensureTenant, type Writer } from './writer.js';

/** A tenant as it is listed. */
export interface ListedTenant {
  readonly tenant: string;
  readonly name: string | undefined;
  readonly createdAtMs: number;
  readonly disabledAtMs: number | undefined;
  readonly teams: readonly string[];
  /** Keys that are neither revoked nor expired. */
  readonly keys: number;
}

/** Which tenants are listed. */
interface TenantFilter {
  /** Of one tenant only. */
  readonly tenant?: string | undefined;
  /** Those whose id or name contains this text, without regard to case. */
  readonly search?: string | undefined;
  /** Those behind this id, for the next page. */
  readonly after?: string | undefined;
  /** At most, 1 to 1 000 000. @defaultValue 1_000_000 */
  readonly limit?: number | undefined;
}

/** Tenants and their teams. A key or an override makes those it names; here they are named, listed and disabled. */
export interface SqlTenants {
  /** Makes a tenant and teams of it unless they are there, and names it. */
  create(
    tenant: string,
    options?: { name?: string | undefined; teams?: readonly string[] | undefined },
  ): Promise<void>;
  /** In the order of their ids. */
  list(filter?: TenantFilter): Promise<ListedTenant[]>;
  /** Refuses all keys of the tenant, within 5 s, until it is enabled again. Rejects for an unknown one. */
  disable(tenant: string): Promise<void>;
  enable(tenant: string): Promise<void>;
}

/** Makes the tenants of a registry. */
export function sqlTenants(writer: Writer): SqlTenants {
  const setDisabled = (tenant: string, action: 'disable' | 'enable'): Promise<void> =>
    writer.change(async (transaction) => {
      const disabled_at = action === 'disable' ? new Date(writer.now()) : null;
      const found =
        canBeStored(tenant) &&
        (await transaction
          .updateTable('tenants')
          .set({ disabled_at })
          .where('tenant', '=', tenant)
          .returning('tenant')
          .executeTakeFirst());
      if (!found) throw new Error(`tenants: ${action}: there is no such tenant`);
      const keys = await transaction
        .selectFrom('api_keys')
        .select('key_id')
        .where('tenant', '=', tenant)
        .execute();
      return {
        result: undefined,
        change: { action: `tenant.${action}`, tenant, subject: tenant },
        tell: ['k', ...keys.map(({ key_id }) => key_id)],
      };
    });
  return {
    async create(tenant, { name, teams = [] } = {}) {
      checkIds('tenants: create', { tenant });
      checkTexts('tenants: create', { name });
      for (const team of teams) checkIds('tenants: create', { team });
      await writer.change(async (transaction) => {
        await ensureTenant(transaction, { tenant }, writer.now());
        for (const team of teams) await ensureTenant(transaction, { tenant, team }, writer.now());
        if (name !== undefined) {
          await transaction.updateTable('tenants').set({ name }).where('tenant', '=', tenant).execute();
        }
        return {
          result: undefined,
          change: { action: 'tenant.create', tenant, subject: tenant, facts: { name, teams } },
        };
      });
    },
    async list({ tenant, search, after, limit = 1_000_000 } = {}) {
      const query = await writer.query();
      const texts = [tenant, search, after];
      if (texts.some((text) => text !== undefined && !canBeStored(text))) return [];
      let select = query.selectFrom('tenants').selectAll().orderBy('tenant').limit(limit);
      if (tenant !== undefined) select = select.where('tenant', '=', tenant);
      if (after !== undefined) select = select.where('tenant', '>', after);
      if (search !== undefined) {
        const pattern = containing(search);
        select = select.where((where) =>
          where.or([where('tenant', 'ilike', pattern), where('name', 'ilike', pattern)]),
        );
      }
      const tenants = await select.execute();
      const ids = tenants.map((row) => row.tenant);
      if (ids.length === 0) return [];
      // A list of all tenants needs no condition, which would repeat all ids.
      const isWhole = tenants.length < limit && texts.every((text) => text === undefined);
      const teams = await query
        .selectFrom('teams')
        .select(['tenant', 'team'])
        .$if(!isWhole, (one) => one.where('tenant', 'in', ids))
        .orderBy('team')
        .execute();
      const counts = await query
        .selectFrom('api_keys')
        .select(({ fn }) => ['tenant', fn.countAll<string>().as('keys')])
        .where('revoked_at', 'is', null)
        .where((where) =>
          where.or([where('expires_at', 'is', null), where('expires_at', '>', new Date(writer.now()))]),
        )
        .$if(!isWhole, (one) => one.where('tenant', 'in', ids))
        .groupBy('tenant')
        .execute();
      const teamsOf = new Map<string, string[]>();
      for (const { tenant, team } of teams) teamsOf.set(tenant, [...(teamsOf.get(tenant) ?? []), team]);
      const keysOf = new Map(counts.map(({ tenant, keys }) => [tenant, Number(keys)]));
      return tenants.map((row) => ({
        tenant: row.tenant,
        name: row.name ?? undefined,
        createdAtMs: row.created_at.getTime(),
        disabledAtMs: row.disabled_at?.getTime(),
        teams: teamsOf.get(row.tenant) ?? [],
        keys: keysOf.get(row.tenant) ?? 0,
      }));
    },
    disable: (tenant) => setDisabled(tenant, 'disable'),
    enable: (tenant) => setDisabled(tenant, 'enable'),
  };
}
