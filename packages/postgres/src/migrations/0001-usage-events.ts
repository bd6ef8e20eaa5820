import { type Kysely, type Migration, sql } from 'kysely';

/** Usage events by month, and their charges to each counter. `schema` is a checked name. */
export function usageEvents(schema: string): Migration {
  const events = sql.id(schema, 'usage_events');
  const spend = sql.id(schema, 'window_spend');
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await sql`
        create table ${events} (
          event_id uuid primary key,
          kind text not null,
          adjusts uuid,
          at timestamptz not null,
          admitted_at timestamptz not null,
          settled_at timestamptz not null,
          request_id text not null,
          call_id text not null,
          attempt integer not null,
          tenant text not null,
          team text,
          user_id text,
          key_id text,
          plan text not null,
          route text,
          labels jsonb not null,
          feature text generated always as (labels ->> 'feature') stored,
          provider text not null,
          requested_model text not null,
          model text not null,
          input_tokens bigint not null,
          cached_input_tokens bigint not null,
          cache_write_tokens bigint not null,
          output_tokens bigint not null,
          reasoning_tokens bigint not null,
          tier text,
          cost_nano_usd bigint not null,
          price_version text not null,
          source text not null,
          uncertain boolean not null,
          overrun boolean not null,
          charges jsonb not null,
          status integer not null,
          outcome text not null,
          stream boolean not null,
          latency_ms bigint not null,
          time_to_first_token_ms bigint,
          more jsonb
        ) partition by range (event_id)`.execute(db);
      await sql`create index usage_events_tenant on ${events} (tenant, event_id)`.execute(db);
      await sql`create index usage_events_request on ${events} (request_id)`.execute(db);
      await sql`
        create table ${spend} (
          counter text not null,
          window_id text not null,
          amount bigint not null,
          touched_at timestamptz not null,
          primary key (counter, window_id)
        ) with (fillfactor = 60)`.execute(db);
    },
  };
}
