import {
  definitionIn,
  type ScopeSpan,
  scopeSpanOf,
  spanNamed,
  type WindowSpend,
} from '@tollgate/core/internal';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../connection/database.js';
import { lowestId } from './month.js';

/** Registers definitions of limits; the time at which each was first registered, in their order, in ms since the epoch. */
export async function definedAt(
  { query, schema }: Database,
  definitions: readonly string[],
): Promise<number[]> {
  const table = sql.id(schema, 'limit_definitions');
  await sql`
    insert into ${table} (definition, first_seen)
    select definition, now() from unnest(${definitions}::text[]) as definition
    on conflict do nothing`.execute(query);
  const { rows } = await sql<{ ms: unknown }>`
    select floor(extract(epoch from first_seen) * 1000) as ms
    from unnest(${definitions}::text[]) with ordinality as asked (definition, place)
    join ${table} using (definition)
    order by place`.execute(query);
  return rows.map(({ ms }) => Number(ms));
}

const unitless: Readonly<Record<ScopeSpan['unit'], string>> = {
  usd: 'cost_nano_usd + coalesce(unresolved_nano_usd, 0)',
  tokens: 'input_tokens + output_tokens',
  inputTokens: 'input_tokens',
  outputTokens: 'output_tokens',
};

/** Columns of the scopes, as counters name them: a caller without a user (key) counts by its own id, which is its key (user). */
const columns: Readonly<Record<keyof ScopeSpan['scope'], RawBuilder<unknown>>> = {
  tenant: sql`tenant`,
  team: sql`coalesce(team, '')`,
  user: sql`coalesce(user_id, key_id)`,
  key: sql`coalesce(key_id, user_id)`,
  route: sql`route`,
  model: sql`model`,
};

/** The usage of scopes, in their order and units, whichever counters it was charged to. */
export async function spentBy(database: Database, spans: readonly ScopeSpan[]): Promise<number[]> {
  const amounts: number[] = [];
  for (const span of spans) amounts.push(await spentByScope(database, span));
  return amounts;
}

/** An attempt takes the same from all counters of a unit; where it took nothing from any, the event's own figures count. */
async function spentByScope(
  { query, schema }: Database,
  { unit, scope, startMs, endMs }: ScopeSpan,
): Promise<number> {
  const parts = Object.entries(scope).map(
    ([name, value]) => sql` and ${columns[name as keyof ScopeSpan['scope']]} = ${value}`,
  );
  const { rows } = await sql<{ amount: unknown }>`
    select coalesce(sum(coalesce(
      (select max((charge ->> 'amount')::bigint) from jsonb_array_elements(charges) as charge
        where starts_with(charge ->> 'counter', ${`${unit}/`})),
      ${sql.raw(unitless[unit])}
    )), 0) as amount
    from ${sql.id(schema, 'usage_events')}
    where event_id >= ${lowestId(startMs)}::uuid
      and admitted_at >= ${new Date(startMs)} and admitted_at < ${new Date(endMs)}
      ${sql.join(parts, sql``)}`.execute(query);
  return Number(rows[0]?.amount ?? 0);
}

/**
 * The same windows; those that are older than the definition of their limit have at least what their scope has spent, since earlier usage
 * was not charged to them.
 */
export async function withEarlierSpend(
  database: Database,
  spends: readonly WindowSpend[],
): Promise<WindowSpend[]> {
  const { query, schema } = database;
  const definitions = [...new Set(spends.map(({ counter }) => definitionIn(counter)))];
  const { rows } = await sql<{ definition: string; ms: unknown; now: unknown }>`
    select definition, floor(extract(epoch from first_seen) * 1000) as ms, floor(extract(epoch from now()) * 1000) as now
    from ${sql.id(schema, 'limit_definitions')}
    where definition = any(${definitions}::text[]) and first_seen > now() - interval '32 days'`.execute(
    query,
  );
  const young = new Map(rows.map(({ definition, ms }) => [definition, Number(ms)]));
  if (young.size === 0) return [...spends];
  const nowMs = Number(rows[0]?.now);
  const filled: WindowSpend[] = [];
  for (const spend of spends) {
    const definedMs = young.get(definitionIn(spend.counter)) ?? 0;
    const span = definedMs > 0 ? spanNamed(spend.counter, spend.window, nowMs) : undefined;
    const scope = span && definedMs > span.startMs ? scopeSpanOf(spend.counter, span) : undefined;
    const earlier = scope ? await spentByScope(database, scope) : 0;
    filled.push({ ...spend, amount: Math.max(spend.amount, earlier) });
  }
  return filled;
}
