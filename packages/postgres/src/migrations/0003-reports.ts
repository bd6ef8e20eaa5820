import { type Kysely, type Migration, sql } from 'kysely';

/** Outcomes of requests, and views for warehouse tools. `schema` is a checked name. */
export function reportTables(schema: string): Migration {
  const id = (name: string) => sql.id(schema, name);
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await sql`
        create table ${id('outcomes')} (
          request_id text not null,
          outcome text not null,
          recorded_at timestamptz not null default now(),
          primary key (outcome, request_id)
        )`.execute(db);
      await sql`
        create view ${id('usage')} as
        select event_id, kind, adjusts, at, admitted_at, settled_at, request_id, call_id, attempt, tenant, team, user_id, key_id,
          plan, route, feature, labels, provider, requested_model, model, tier, input_tokens, cached_input_tokens,
          cache_write_tokens, output_tokens, reasoning_tokens, cost_nano_usd, cost_nano_usd::numeric / 1000000000 as cost_usd,
          price_version, source, uncertain, overrun, status, outcome, stream, latency_ms, time_to_first_token_ms
        from ${id('usage_events')}`.execute(db);
      await sql`
        create view ${id('usage_by_day')} as
        select (at at time zone 'UTC')::date as day, tenant, team, user_id, key_id, plan, route, feature, provider, model,
          count(*) filter (where kind = 'usage') as attempts,
          sum(input_tokens) as input_tokens, sum(cached_input_tokens) as cached_input_tokens,
          sum(cache_write_tokens) as cache_write_tokens, sum(output_tokens) as output_tokens,
          sum(reasoning_tokens) as reasoning_tokens, sum(cost_nano_usd) as cost_nano_usd,
          sum(cost_nano_usd) / 1000000000 as cost_usd
        from ${id('usage_events')}
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10`.execute(db);
    },
  };
}
