import { type Kysely, type Migration, sql } from 'kysely';

/**
 * The definitions of limits, each with the time at which it was first used. Those that have been charged before count as always known.
 * `schema` is a checked name.
 */
export function limitDefinitions(schema: string): Migration {
  const definitions = sql.id(schema, 'limit_definitions');
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await sql`
        create table if not exists ${definitions} (
          definition text primary key,
          first_seen timestamptz not null
        )`.execute(db);
      await sql`
        insert into ${definitions} (definition, first_seen)
        select distinct regexp_replace(counter, '=[^/]*', '', 'g'), 'epoch'::timestamptz
        from ${sql.id(schema, 'window_spend')}
        on conflict do nothing`.execute(db);
    },
  };
}
