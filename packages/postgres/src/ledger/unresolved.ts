import type { UsageEvent } from '@tollgate/core';
import type { CounterWindow, EventCharge } from '@tollgate/core/internal';
import { sql } from 'kysely';
import type { Database } from '../connection/database.js';

/** An attempt whose end is unknown: its event and all corrections of it, added up. */
export interface UnresolvedAttempt {
  readonly eventId: string;
  readonly requestId: string;
  readonly tenant: string;
  readonly provider: string;
  readonly model: string;
  /** ISO 8601. */
  readonly admittedAt: string;
  /** Best estimate, decimal nano-dollars: the basis of bills. */
  readonly costNanoUsd: string;
  /** The charge of the counters beyond it, decimal nano-dollars. */
  readonly unresolvedNanoUsd: string;
}

/** Which attempts are asked for. */
export interface UnresolvedQuery {
  readonly tenant?: string | undefined;
  /** The oldest of them, 1 to 10 000. @defaultValue 100 */
  readonly limit?: number | undefined;
}

/** Attempts of which something is unresolved, oldest first. */
export async function unresolvedAttempts(
  database: Database,
  { tenant, limit = 100 }: UnresolvedQuery = {},
): Promise<UnresolvedAttempt[]> {
  await database.ready();
  const { query, schema } = database;
  const events = sql.id(schema, 'usage_events');
  const { rows } = await sql<UnresolvedAttempt>`
    with open as (
      select coalesce(adjusts, event_id) as id, sum(unresolved_nano_usd) as unresolved
      from ${events}
      where unresolved_nano_usd is not null and unresolved_nano_usd <> 0
      group by 1
      having sum(unresolved_nano_usd) <> 0
    )
    select event_id::text as "eventId", request_id as "requestId", tenant, provider, model,
      to_char(admitted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "admittedAt",
      (cost_nano_usd + coalesce((select sum(cost_nano_usd) from ${events} as later where later.adjusts = e.event_id), 0))::text
        as "costNanoUsd",
      open.unresolved::text as "unresolvedNanoUsd"
    from ${events} as e join open on open.id = e.event_id
    where e.kind = 'usage' ${tenant === undefined ? sql`` : sql`and tenant = ${tenant}`}
    order by event_id
    limit ${sql.lit(Math.min(10_000, Math.max(1, Math.floor(limit))))}`.execute(query);
  return rows;
}

/** The unresolved part of the counters' charges in these windows, by one tenant or by all, in their order and units. */
export async function unresolvedIn(
  { query, schema }: Database,
  tenant: string | undefined,
  windows: readonly CounterWindow[],
): Promise<number[]> {
  const counters = windows.map(({ counter }) => counter);
  const ids = windows.map(({ window }) => window);
  const { rows } = await sql<{ amount: unknown }>`
    with open as (
      select charge ->> 'counter' as counter, charge ->> 'window' as window_id, sum((charge ->> 'unresolved')::bigint) as amount
      from ${sql.id(schema, 'usage_events')}, jsonb_array_elements(charges) as charge
      where ${tenant === undefined ? sql`true` : sql`tenant = ${tenant}`} and unresolved_nano_usd is not null and unresolved_nano_usd <> 0
      group by 1, 2
    )
    select coalesce(open.amount, 0) as amount
    from unnest(${counters}::text[], ${ids}::text[]) with ordinality as asked (counter, window_id, place)
    left join open using (counter, window_id)
    order by place`.execute(query);
  return rows.map(({ amount }) => Number(amount));
}

/** An attempt's current state in the ledger, corrections included. */
export interface KnownAttempt {
  /** Of the first event, with the sums of all figures. */
  readonly event: UsageEvent;
  /** How many rows correct it. */
  readonly corrections: number;
}

interface KnownRow {
  readonly [column: string]: unknown;
  readonly charges: readonly EventCharge[];
}

/** The attempt of an event; `undefined` where the ledger has none of that id. */
export async function knownAttempt(database: Database, eventId: string): Promise<KnownAttempt | undefined> {
  await database.ready();
  const { query, schema } = database;
  const { rows } = await sql<KnownRow>`
    select *, event_id::text as id from ${sql.id(schema, 'usage_events')}
    where event_id = ${eventId}::uuid or adjusts = ${eventId}::uuid`.execute(query);
  const first = rows.find((row) => row.kind === 'usage');
  if (!first) return undefined;
  const sum = (column: string): bigint =>
    rows.reduce((total, row) => total + BigInt((row[column] as string | number | bigint | null) ?? 0), 0n);
  const count = (column: string): number => Number(sum(column));
  const text = (column: string): string => String(first[column] ?? '');
  const optional = (column: string): string | undefined =>
    first[column] === null || first[column] === undefined ? undefined : String(first[column]);
  const event: UsageEvent = {
    ...{ eventId: text('id'), kind: 'usage', requestId: text('request_id'), callId: text('call_id') },
    attempt: Number(first.attempt),
    admittedAt: new Date(first.admitted_at as Date).toISOString(),
    time: new Date(first.settled_at as Date).toISOString(),
    ...{
      tenant: text('tenant'),
      team: optional('team'),
      user: optional('user_id'),
      keyId: optional('key_id'),
    },
    ...{ plan: text('plan'), route: optional('route'), labels: first.labels as Record<string, string> },
    ...{ provider: text('provider'), requestedModel: text('requested_model'), model: text('model') },
    inputTokens: count('input_tokens'),
    cachedInputTokens: count('cached_input_tokens'),
    cacheWriteTokens: count('cache_write_tokens'),
    outputTokens: count('output_tokens'),
    reasoningTokens: count('reasoning_tokens'),
    tier: optional('tier'),
    costNanoUsd: String(sum('cost_nano_usd')),
    unresolvedNanoUsd: String(sum('unresolved_nano_usd')),
    priceVersion: text('price_version'),
    source: text('source') === 'provider' ? 'provider' : 'estimated',
    uncertain: first.uncertain === true,
    overrun: first.overrun === true,
    charges: added(rows.flatMap(({ charges }) => charges)),
    status: Number(first.status),
    outcome: text('outcome') as UsageEvent['outcome'],
    stream: first.stream === true,
    latencyMs: Number(first.latency_ms),
  };
  return { event, corrections: rows.length - 1 };
}

/** Charges by counter and window, added up. */
function added(charges: readonly EventCharge[]): EventCharge[] {
  const sums = new Map<string, EventCharge>();
  for (const { counter, window, amount, unresolved = 0 } of charges) {
    const key = `${counter}|${window}`;
    const before = sums.get(key);
    sums.set(key, {
      ...{ counter, window },
      amount: amount + (before?.amount ?? 0),
      unresolved: unresolved + (before?.unresolved ?? 0),
    });
  }
  return [...sums.values()];
}
