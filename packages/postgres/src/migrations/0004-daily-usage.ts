import { type Kysely, type Migration, sql } from 'kysely';
import { dailySums } from '../ledger/daily-usage.js';

/** Sums of usage by UTC day and dimensions, for reports that would read every event, made from the events there are. `schema` is a checked name. */
export function dailyUsage(schema: string): Migration {
  const daily = sql.id(schema, 'daily_usage');
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await sql`
        create table ${daily} (
          day date not null,
          slot uuid not null,
          tenant text not null,
          team text,
          plan text not null,
          route text,
          feature text,
          provider text not null,
          requested_model text not null,
          model text not null,
          tier text,
          outcome text not null,
          source text not null,
          attempts bigint not null,
          calls bigint not null,
          input_tokens bigint not null,
          cached_input_tokens bigint not null,
          cache_write_tokens bigint not null,
          output_tokens bigint not null,
          reasoning_tokens bigint not null,
          cost_nano_usd bigint not null,
          unconfirmed_nano_usd bigint not null,
          primary key (day, slot)
        ) with (fillfactor = 70)`.execute(db);
      await sql`${dailySums(daily, sql.id(schema, 'usage_events'))}`.execute(db);
    },
  };
}
