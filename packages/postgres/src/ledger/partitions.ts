import { sql, type Transaction } from 'kysely';
import type { Database } from '../connection/database.js';
import type { Tables } from '../tables/tables.js';
import type { LedgerMonth } from './month.js';

/** Held while months are created or dropped, so that processes do so one after another. Any number that no other lock uses. */
const partitionLock = 7_401_195_117;

/** Makes sure that a month of usage events has its table. Attaching a finished table does not wait for those who read or write. */
export async function ensureMonth(
  { query, schema }: Database,
  { month, from, below }: LedgerMonth,
): Promise<void> {
  await query.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(${sql.lit(partitionLock)})`.execute(transaction);
    if ((await monthsOf(transaction, schema)).includes(month)) return;
    const [parent, part] = [sql.id(schema, 'usage_events'), sql.id(schema, partitionName(month))];
    await sql`create table if not exists ${part} (like ${parent} including defaults including generated)`.execute(
      transaction,
    );
    await sql`alter table ${parent} attach partition ${part} for values from (${sql.lit(from)}) to (${sql.lit(below)})`.execute(
      transaction,
    );
  });
}

/** Drops every month before that one (`2026-01`), rows, their days' sums and all. Returns those that were dropped. */
export async function dropMonthsBefore({ query, schema }: Database, month: string): Promise<string[]> {
  return query.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(${sql.lit(partitionLock)})`.execute(transaction);
    const dropped = (await monthsOf(transaction, schema)).filter((one) => one < month);
    for (const one of dropped)
      await sql`drop table ${sql.id(schema, partitionName(one))}`.execute(transaction);
    await sql`delete from ${sql.id(schema, 'daily_usage')} where day < ${`${month}-01`}::date`.execute(
      transaction,
    );
    return dropped;
  });
}

const partitionName = (month: string): string => `usage_events_${month.replace('-', '_')}`;

/** The months that have a table, oldest first. */
async function monthsOf(transaction: Transaction<Tables>, schema: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select child.relname as name
    from pg_inherits
    join pg_class child on child.oid = inhrelid
    join pg_class parent on parent.oid = inhparent
    join pg_namespace space on space.oid = parent.relnamespace
    where parent.relname = 'usage_events' and space.nspname = ${schema}
    order by name`.execute(transaction);
  return rows.map(({ name }) => name.slice('usage_events_'.length).replace('_', '-'));
}
