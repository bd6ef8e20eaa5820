import type { LimitOverride } from '@tollgate/core';
import {
  type LimitOverrides,
  type OverrideKind,
  type OverrideSubject,
  overrideSlot,
} from '@tollgate/core/internal';
import type { Insertable, Selectable } from 'kysely';
import type { LimitOverridesTable } from '../tables/keys-tables.js';
import type { Changes } from './changes.js';
import { canBeStored, checkIds } from './names.js';
import { ensureTenant, type Writer } from './writer.js';

/** Limits that differ from the plans', in SQL. Every method rejects where the database is away. */
export interface SqlOverrides extends LimitOverrides {
  onChange(listener: (tenant: string) => void): () => void;
  /** Sets one, in place of that of the same subject, unit, period and scope. Rejects with a `TypeError` for a wrong one. */
  set(override: LimitOverride): Promise<void>;
  /** Removes the overrides of exactly this subject, of one kind or all. Resolves with their number. */
  clear(subject: OverrideSubject & { kind?: OverrideKind | undefined }): Promise<number>;
  /** Of all tenants, or one. */
  list(filter?: { tenant?: string | undefined }): Promise<LimitOverride[]>;
}

/** Makes the overrides of a registry. */
export function sqlOverrides(writer: Writer, changes: Changes): SqlOverrides {
  const list: SqlOverrides['list'] = async ({ tenant } = {}) => {
    if (tenant !== undefined && !canBeStored(tenant)) return [];
    const query = await writer.query();
    let select = query.selectFrom('limit_overrides').selectAll();
    if (tenant !== undefined) select = select.where('tenant', '=', tenant);
    const rows = await select
      .orderBy('tenant')
      .orderBy('team')
      .orderBy('user_id')
      .orderBy('key_id')
      .orderBy('slot')
      .execute();
    return rows.map(overrideOf);
  };
  return {
    onChange: (listener) => changes.on('o', listener),
    find: (tenant) => list({ tenant }),
    list,
    async set(override) {
      const slot = overrideSlot('overrides', override);
      const { tenant, team, user, keyId, kind, limit, by } = override;
      checkIds('overrides', { tenant, team, user, keyId });
      const row: Insertable<LimitOverridesTable> = {
        ...columnsOf(override),
        slot,
        kind,
        limit_text: limit,
        counted_by: by ?? null,
        changed_at: new Date(writer.now()),
      };
      await writer.change(async (transaction) => {
        await ensureTenant(transaction, { tenant, team }, writer.now());
        const { limit_text, counted_by, changed_at } = row;
        await transaction
          .insertInto('limit_overrides')
          .values(row)
          .onConflict((conflict) =>
            conflict
              .columns(['tenant', 'team', 'user_id', 'key_id', 'slot'])
              .doUpdateSet({ kind, limit_text, counted_by, changed_at }),
          )
          .execute();
        const subject = subjectName(override);
        return {
          result: undefined,
          change: { action: 'override.set', tenant, subject, facts: { kind, limit, by } },
          tell: ['o', tenant],
        };
      });
    },
    clear({ kind, ...subject }) {
      const { tenant } = subject;
      return writer.change(async (transaction) => {
        const of = columnsOf(subject);
        let remove = transaction
          .deleteFrom('limit_overrides')
          .where('tenant', '=', of.tenant)
          .where('team', '=', of.team)
          .where('user_id', '=', of.user_id)
          .where('key_id', '=', of.key_id);
        if (kind !== undefined) remove = remove.where('kind', '=', kind);
        const removed = await remove.returning('slot').execute();
        return {
          result: removed.length,
          change: {
            action: 'override.clear',
            tenant,
            subject: subjectName(subject),
            facts: { slots: removed.map(({ slot }) => slot) },
          },
          tell: ['o', tenant],
        };
      });
    },
  };
}

function columnsOf({ tenant, team = '', user = '', keyId = '' }: OverrideSubject) {
  return { tenant, team, user_id: user, key_id: keyId };
}

function subjectName({ tenant, team, user, keyId }: OverrideSubject): string {
  if (keyId !== undefined) return `key ${keyId}`;
  if (user !== undefined) return `user ${user}`;
  return team === undefined ? `tenant ${tenant}` : `team ${team}`;
}

function overrideOf(row: Selectable<LimitOverridesTable>): LimitOverride {
  const { tenant, team, user_id, key_id, kind, limit_text, counted_by } = row;
  return {
    tenant,
    ...(team !== '' && { team }),
    ...(user_id !== '' && { user: user_id }),
    ...(key_id !== '' && { keyId: key_id }),
    kind,
    limit: limit_text,
    ...(counted_by !== null && { by: counted_by }),
  };
}
