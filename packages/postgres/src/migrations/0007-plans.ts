import { type Kysely, type Migration, sql } from 'kysely';

/** The plans that apps declare when they start, for commands and reports. `schema` is a checked name. */
export function plans(schema: string): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await sql`
        create table if not exists ${sql.id(schema, 'plans')} (
          name text primary key,
          plan jsonb not null,
          declared_at timestamptz not null
        )`.execute(db);
    },
  };
}
