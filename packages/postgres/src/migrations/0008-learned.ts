import { type Kysely, type Migration, sql } from 'kysely';

/** The habits of each subject that `watch()` has learned, as JSON text. `schema` is a checked name. */
export function learned(schema: string): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await sql`
        create table if not exists ${sql.id(schema, 'learned')} (
          subject text primary key,
          record text not null,
          saved_at timestamptz not null
        )`.execute(db);
    },
  };
}
