import { type Kysely, type Migration, Migrator, sql } from 'kysely';
import type { Tables } from '../tables/tables.js';
import { usageEvents } from './0001-usage-events.js';
import { keys } from './0002-keys.js';
import { reportTables } from './0003-reports.js';
import { dailyUsage } from './0004-daily-usage.js';
import { unresolvedUsage } from './0005-unresolved-usage.js';
import { limitDefinitions } from './0006-limit-definitions.js';
import { plans } from './0007-plans.js';
import { learned } from './0008-learned.js';
import { callers } from './0009-callers.js';

/**
 * All migrations, in order. A released migration is never changed; a new one is appended. Migrations only add, so that the previous
 * version works with the new tables.
 */
const migrations: Readonly<Record<string, (schema: string) => Migration>> = {
  '0001-usage-events': usageEvents,
  '0002-keys': keys,
  '0003-reports': reportTables,
  '0004-daily-usage': dailyUsage,
  '0005-unresolved-usage': unresolvedUsage,
  '0006-limit-definitions': limitDefinitions,
  '0007-plans': plans,
  '0008-learned': learned,
  '0009-callers': callers,
};

const table = 'migrations';
const changesNothing: Migration = { up: async () => undefined };

/** Migrations of a later version, which are ignored: this version must start beside it during a deploy, and after a rollback. */
async function laterSteps(kysely: Kysely<Tables>, schema: string): Promise<string[]> {
  const { rows: found } = await sql`select from information_schema.tables
    where table_schema = ${schema} and table_name = ${table}`.execute(kysely);
  if (found.length === 0) return [];
  const last = Object.keys(migrations).at(-1) ?? '';
  const { rows } = await sql<{ name: string }>`select name from ${sql.id(schema, table)}`.execute(kysely);
  return rows.map(({ name }) => name).filter((name) => name > last);
}

/** Creates or migrates the schema, once among any number of processes. Rejects with the cause of a failure. */
export async function migrateToLatest(kysely: Kysely<Tables>, schema: string): Promise<void> {
  const own = Object.entries(migrations).map(([name, step]) => [name, step(schema)] as const);
  const later = (await laterSteps(kysely, schema)).map((name) => [name, changesNothing] as const);
  const migrator = new Migrator({
    db: kysely,
    migrationTableSchema: schema,
    migrationTableName: table,
    migrationLockTableName: 'migrations_lock',
    provider: {
      getMigrations: async () => Object.fromEntries([...own, ...later]),
    },
  });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}
