import { type Kysely, type Migration, Migrator } from 'kysely';
import type { Tables } from '../connection/tables.js';
import { usageEvents } from './0001-usage-events.js';
import { keys } from './0002-keys.js';
import { reportTables } from './0003-reports.js';
import { dailyUsage } from './0004-daily-usage.js';
import { unresolvedUsage } from './0005-unresolved-usage.js';

/** Every step of the schema, in order. A step that was released is never changed: a new one follows it. */
const migrations: Readonly<Record<string, (schema: string) => Migration>> = {
  '0001-usage-events': usageEvents,
  '0002-keys': keys,
  '0003-reports': reportTables,
  '0004-daily-usage': dailyUsage,
  '0005-unresolved-usage': unresolvedUsage,
};

/** Creates the schema or brings it up to date, once among any number of processes. Rejects with what went wrong. */
export async function migrateToLatest(kysely: Kysely<Tables>, schema: string): Promise<void> {
  const migrator = new Migrator({
    db: kysely,
    migrationTableSchema: schema,
    migrationTableName: 'migrations',
    migrationLockTableName: 'migrations_lock',
    provider: {
      getMigrations: async () =>
        Object.fromEntries(Object.entries(migrations).map(([name, step]) => [name, step(schema)])),
    },
  });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}
