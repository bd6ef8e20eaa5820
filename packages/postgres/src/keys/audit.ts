import { newId } from '@tollgate/core/internal';
import type { Kysely } from 'kysely';
import type { Tables } from '../tables/tables.js';
import { canBeStored } from './names.js';

/** One change: actor, action, subject and time. Contains no secret and no hash of one. */
export interface AuditEntry {
  readonly id: string;
  readonly at: Date;
  readonly actor: string;
  /** `key.create`, `key.rotate`, `key.revoke`, `key.expire`, `key.disable`, `key.enable`, `tenant.create`, `override.set`, … */
  readonly action: string;
  readonly tenant: string | undefined;
  readonly subject: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** The audit entry of a change, written in its transaction. */
export interface Change {
  readonly action: string;
  readonly tenant: string | undefined;
  readonly subject: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** Writes a change down. */
export async function writeAudit(
  transaction: Kysely<Tables>,
  actor: string,
  {
    action,
    tenant = null,
    subject,
    facts = {},
  }: Omit<Change, 'tenant'> & { tenant?: string | null | undefined },
  nowMs: number,
): Promise<void> {
  const row = { id: newId(nowMs), at: new Date(nowMs), actor, action, tenant, subject };
  await transaction
    .insertInto('audit')
    .values({ ...row, facts: JSON.stringify(facts) })
    .execute();
}

/** The audit trail, newest first. */
export async function readAudit(
  query: Kysely<Tables>,
  {
    tenant,
    before,
    action,
    limit,
  }: {
    tenant?: string | undefined;
    before?: string | undefined;
    /** Only entries of this action. */
    action?: string | undefined;
    limit: number;
  },
): Promise<AuditEntry[]> {
  if (tenant !== undefined && !canBeStored(tenant)) return [];
  let select = query.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit);
  if (tenant !== undefined) select = select.where('tenant', '=', tenant);
  if (action !== undefined) select = select.where('action', '=', action);
  if (before !== undefined) select = select.where('id', '<', before);
  const rows = await select.execute();
  return rows.map((row) => ({ ...row, tenant: row.tenant ?? undefined }));
}
