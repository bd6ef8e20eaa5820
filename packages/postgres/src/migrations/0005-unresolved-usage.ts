import { type Kysely, type Migration, sql } from 'kysely';

/**
 * Possible cost beyond the estimate of attempts whose end is unknown, and an index to find them by. Absent: 0, as processes of earlier
 * versions write it. `schema` is a checked name.
 */
export function unresolvedUsage(schema: string): Migration {
  const events = sql.id(schema, 'usage_events');
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await sql`alter table ${events} add column if not exists unresolved_nano_usd bigint`.execute(db);
      await sql`
        create index if not exists usage_events_unresolved on ${events} (event_id)
        where unresolved_nano_usd is not null and unresolved_nano_usd <> 0`.execute(db);
      await sql`create index if not exists usage_events_adjusts on ${events} (adjusts) where adjusts is not null`.execute(
        db,
      );
    },
  };
}
