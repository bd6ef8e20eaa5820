import { type Kysely, type Migration, sql } from 'kysely';
import { notedCallers } from '../ledger/callers.js';
import { longestWindowMs, lowestId } from '../ledger/month.js';

/**
 * Who used anything and when last, for reports that would group every event; made from the events that a window of today may contain, since a
 * ledger of years would be sorted while the app starts. `schema` is a checked name.
 */
export function callers(schema: string): Migration {
  const table = sql.id(schema, 'callers');
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await sql`
        create table ${table} (
          slot uuid primary key,
          tenant text not null,
          team text,
          user_id text,
          key_id text,
          plan text not null,
          last_at timestamptz not null
        )`.execute(db);
      const oldest = lowestId(Date.now() - longestWindowMs);
      const recent = sql`(select * from ${sql.id(schema, 'usage_events')} where event_id >= ${oldest}::uuid) as recent`;
      await sql`${notedCallers(table, recent)}`.execute(db);
    },
  };
}
