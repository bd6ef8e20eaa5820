import type { Database } from '@tollgate/postgres';
import { sql } from 'kysely';
import { checkQuery, type UsageQuery } from './usage-query.js';
import { conditionsOf, periodOfEvents } from './usage-rows.js';

/** Which attempts are listed. */
export interface AttemptsQuery extends Pick<UsageQuery, 'from' | 'to' | 'where'> {
  /** Those older than the event of this id, for the next page. */
  before?: string | undefined;
  /** At most, 1 to 1 000 000. @defaultValue 100 */
  limit?: number;
}

/** One attempt as the ledger has it, corrections apart. Ids and figures: no prompt is stored. Money in nano-dollars as decimal strings. */
export interface Attempt {
  readonly eventId: string;
  readonly requestId: string;
  /** 1 for the first of its call. */
  readonly attempt: number;
  /** ISO 8601. */
  readonly admittedAt: string;
  readonly tenant: string;
  readonly team: string | null;
  readonly user: string | null;
  readonly key: string | null;
  readonly plan: string;
  readonly route: string | null;
  readonly provider: string;
  readonly requestedModel: string;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costNanoUsd: string;
  readonly unresolvedNanoUsd: string;
  readonly source: string;
  readonly status: number;
  readonly outcome: string;
  readonly stream: boolean;
  readonly latencyMs: number;
}

/** Attempts of a period, the newest first. Throws a `TypeError` for a wrong query. */
export async function listAttempts(
  database: Database,
  { before, limit = 100, ...query }: AttemptsQuery,
): Promise<Attempt[]> {
  const asked = checkQuery('listAttempts', { ...query, limit });
  if (before !== undefined && !/^[0-9a-f-]{36}$/i.test(before)) {
    throw new TypeError('listAttempts: "before" must be the id of an event');
  }
  await database.ready();
  const older = before === undefined ? sql`true` : sql`event_id < ${before}::uuid`;
  const { rows } = await sql<Attempt>`
    select event_id::text as "eventId", request_id as "requestId", attempt,
      to_char(admitted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "admittedAt",
      tenant, team, user_id as "user", key_id as key, plan, route, provider, requested_model as "requestedModel", model,
      input_tokens::float8 as "inputTokens", output_tokens::float8 as "outputTokens", cost_nano_usd::text as "costNanoUsd",
      coalesce(unresolved_nano_usd, 0)::text as "unresolvedNanoUsd", source, status, outcome, stream, latency_ms::float8 as "latencyMs"
    from ${sql.id(database.schema, 'usage_events')}
    where kind = 'usage' and ${older} and ${periodOfEvents(asked)} and ${conditionsOf(asked)}
    order by event_id desc limit ${sql.lit(asked.limit)}`.execute(database.query);
  return rows;
}
