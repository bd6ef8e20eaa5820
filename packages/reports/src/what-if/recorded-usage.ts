import type { Usage, UsageEvent } from '@tollgate/core';
import type { Database } from '@tollgate/postgres';
import { sql } from 'kysely';
import type { CheckedQuery } from '../reports/usage-query.js';
import { conditionsOf, periodOfEvents } from '../reports/usage-rows.js';

/** One attempt's current state in the ledger: its event and all corrections of it, added up. */
export interface RecordedUsage {
  readonly eventId: string;
  readonly requestId: string;
  readonly callId: string;
  readonly attempt: number;
  readonly tenant: string;
  readonly team: string | undefined;
  readonly user: string | undefined;
  readonly key: string | undefined;
  readonly plan: string;
  readonly route: string | undefined;
  readonly feature: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly provider: string;
  readonly requestedModel: string;
  readonly model: string;
  /** Ms since the epoch. */
  readonly admittedMs: number;
  readonly settledMs: number;
  readonly usage: Usage;
  readonly costNanoUsd: bigint;
  readonly uncertain: boolean;
  readonly status: number;
  readonly outcome: UsageEvent['outcome'];
  readonly stream: boolean;
  /** How many rows correct it. */
  readonly corrections: number;
}

/** Rows that are in memory at once. */
const pageSize = 2_000;

const optionalFigures = ['cacheWrite1hTokens', 'inputAudioTokens', 'outputAudioTokens'] as const;
const figures = [
  'input_tokens',
  'cached_input_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'cost_nano_usd',
];
const summed = sql.join([
  ...figures.map((name) => sql`sum(${sql.ref(name)}) as ${sql.ref(`more_${name}`)}`),
  ...optionalFigures.map(
    (name) => sql`sum((more ->> ${sql.lit(name)})::bigint) as ${sql.ref(`more_${name}`)}`,
  ),
]);
const added = sql.join([
  ...figures.map(
    (name) => sql`(${sql.ref(name)} + coalesce(${sql.ref(`more_${name}`)}, 0))::text as ${sql.ref(name)}`,
  ),
  ...optionalFigures.map(
    (name) =>
      sql`(coalesce((more ->> ${sql.lit(name)})::bigint, 0) + coalesce(${sql.ref(`more_${name}`)}, 0))::text as ${sql.ref(name)}`,
  ),
]);

/**
 * Calls `visit` with every attempt of a query in the order of admission, page by page, on one snapshot of the ledger. On PGlite, which is
 * one session, all other queries wait meanwhile.
 */
export async function eachRecorded(
  database: Database,
  asked: CheckedQuery,
  visit: (recorded: RecordedUsage) => void,
): Promise<void> {
  await database.ready();
  const { query, schema } = database;
  const events = sql.id(schema, 'usage_events');
  await query.transaction().execute(async (transaction) => {
    await sql`
      declare recorded no scroll cursor for
      with corrections as (
        select adjusts as corrected, count(*)::integer as corrections, max(tier) as corrected_tier,
          jsonb_agg(more -> 'toolRequests') as corrected_tools, ${summed}
        from ${events} where kind = 'adjustment' and ${periodOfEvents(asked)} group by adjusts
      )
      select event_id, request_id, call_id, attempt, labels, uncertain, status, outcome, stream, tenant, team, user_id, key_id, plan, route, feature, provider, requested_model, model,
        admitted_at, settled_at, source, coalesce(corrected_tier, tier) as tier, ${added},
        jsonb_build_array(more -> 'toolRequests') || coalesce(corrected_tools, '[]') as tools, coalesce(corrections, 0) as corrections
      from ${events} left join corrections on corrected = event_id
      where kind = 'usage' and ${periodOfEvents(asked)} and ${conditionsOf(asked)}
      order by admitted_at, event_id`.execute(transaction);
    for (;;) {
      const { rows } = await sql<Row>`fetch ${sql.lit(pageSize)} from recorded`.execute(transaction);
      for (const row of rows) visit(recordedOf(row));
      if (rows.length < pageSize) break;
    }
  });
}

type Text = Record<
  | 'event_id'
  | 'request_id'
  | 'call_id'
  | 'tenant'
  | 'plan'
  | 'provider'
  | 'requested_model'
  | 'model'
  | 'input_tokens'
  | 'cached_input_tokens'
  | 'cache_write_tokens'
  | 'output_tokens'
  | 'reasoning_tokens'
  | 'cost_nano_usd'
  | (typeof optionalFigures)[number],
  string
>;

interface Row
  extends Text,
    Record<'team' | 'user_id' | 'key_id' | 'route' | 'feature' | 'tier', string | null> {
  readonly admitted_at: Date;
  readonly settled_at: Date;
  readonly attempt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly uncertain: boolean;
  readonly status: number;
  readonly outcome: UsageEvent['outcome'];
  readonly stream: boolean;
  readonly source: Usage['source'];
  readonly tools: readonly (Readonly<Record<string, number>> | null)[];
  readonly corrections: number;
}

function recordedOf(row: Row): RecordedUsage {
  const admittedMs = row.admitted_at.getTime();
  const count = (text: string): number => Math.max(0, Number(text));
  return {
    ...{ callId: row.call_id, attempt: row.attempt, labels: row.labels, uncertain: row.uncertain },
    ...{ status: row.status, outcome: row.outcome, stream: row.stream },
    ...{ eventId: row.event_id, requestId: row.request_id, tenant: row.tenant, plan: row.plan },
    ...{ team: row.team ?? undefined, user: row.user_id ?? undefined, key: row.key_id ?? undefined },
    ...{ route: row.route ?? undefined, feature: row.feature ?? undefined, provider: row.provider },
    ...{ requestedModel: row.requested_model, model: row.model, admittedMs },
    // A process whose clock is behind may have settled "before" it admitted.
    settledMs: Math.max(admittedMs, row.settled_at.getTime()),
    usage: {
      inputTokens: count(row.input_tokens),
      cachedInputTokens: count(row.cached_input_tokens),
      cacheWriteTokens: count(row.cache_write_tokens),
      cacheWrite1hTokens: count(row.cacheWrite1hTokens),
      outputTokens: count(row.output_tokens),
      reasoningTokens: count(row.reasoning_tokens),
      inputAudioTokens: count(row.inputAudioTokens),
      outputAudioTokens: count(row.outputAudioTokens),
      toolRequests: toolsOf(row.tools),
      ...(row.tier !== null && { tier: row.tier }),
      source: row.source,
    },
    costNanoUsd: BigInt(row.cost_nano_usd),
    corrections: row.corrections,
  };
}

function toolsOf(parts: Row['tools']): Record<string, number> {
  const tools: Record<string, number> = {};
  for (const part of parts) {
    for (const [name, uses] of Object.entries(part ?? {})) tools[name] = (tools[name] ?? 0) + uses;
  }
  return tools;
}
