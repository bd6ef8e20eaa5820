import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database } from '../connection/database.js';
import { lowestId } from '../ledger/month.js';
import { expressionOf } from './dimensions.js';
import type { CheckedQuery } from './usage-query.js';

/** What was used, for one value of each dimension. Corrections are counted in. */
export interface UsageSum {
  /** The values of `by`; `null` where an event has none. */
  readonly by: Readonly<Record<string, string | null>>;
  /** HTTP exchanges with a provider, retries included. */
  readonly attempts: number;
  /** First attempts: calls of a model. */
  readonly calls: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** Decimal string of an integer number of nano-dollars, as all money here. */
  readonly costNanoUsd: string;
  /** The part of the cost that no provider has confirmed: estimated, or of attempts whose end nobody saw. */
  readonly unconfirmedNanoUsd: string;
}

const figures = {
  attempts: sql`count(*) filter (where kind = 'usage')`,
  calls: sql`count(*) filter (where kind = 'usage' and attempt = 1)`,
  inputTokens: sql`coalesce(sum(input_tokens), 0)`,
  cachedInputTokens: sql`coalesce(sum(cached_input_tokens), 0)`,
  cacheWriteTokens: sql`coalesce(sum(cache_write_tokens), 0)`,
  outputTokens: sql`coalesce(sum(output_tokens), 0)`,
  reasoningTokens: sql`coalesce(sum(reasoning_tokens), 0)`,
  costNanoUsd: sql`coalesce(sum(cost_nano_usd), 0)`,
  unconfirmedNanoUsd: sql`coalesce(sum(cost_nano_usd) filter (where source = 'estimated' or uncertain), 0)`,
};

/** Sums usage by the query's dimensions: periods in their order, otherwise the dearest first. */
export async function usageReport({ query, schema }: Database, asked: CheckedQuery): Promise<UsageSum[]> {
  const keys = asked.by.map((dimension, index) => ({
    column: `by_${index}`,
    expression: expressionOf(dimension, asked.timeZone),
  }));
  const sums = Object.entries(figures).map(([name, sum]) => sql`${sum}::text as ${sql.ref(name)}`);
  const selected = [
    ...keys.map(({ column, expression }) => sql`${expression} as ${sql.ref(column)}`),
    ...sums,
  ];
  const grouping =
    keys.length === 0 ? sql`` : sql`group by ${sql.join(keys.map((_, index) => sql.lit(index + 1)))}`;
  const { rows } = await sql<Record<string, string | null>>`
    select ${sql.join(selected)} from ${sql.id(schema, 'usage_events')}
    where ${conditionOf(asked)} ${grouping}
    order by sum(cost_nano_usd) desc nulls last limit ${sql.lit(asked.limit)}`.execute(query);
  return rows.map((row) => sumOf(row, asked)).sort(byPeriod(asked));
}

/** Which rows a query is about, as SQL. */
export function conditionOf({ fromMs, toMs, where, timeZone }: CheckedQuery): RawBuilder<SqlBool> {
  const conditions = [
    sql`event_id >= ${lowestId(fromMs)}::uuid`,
    sql`event_id < ${lowestId(toMs)}::uuid`,
    ...where.map(([facet, values]) => {
      const texts = values.filter((value) => value !== null).map((value) => value.replaceAll('\0', '\uFFFD'));
      const expression = expressionOf(facet, timeZone);
      const isAbsent = values.includes(null) ? sql`${expression} is null` : sql`false`;
      return sql`(${expression} = any(${texts}::text[]) or ${isAbsent})`;
    }),
  ];
  return sql.join(conditions, sql` and `);
}

function sumOf(row: Record<string, string | null>, { by }: CheckedQuery): UsageSum {
  const count = (name: keyof UsageSum): number => Number(row[name]);
  return {
    by: Object.fromEntries(by.map((dimension, index) => [dimension, row[`by_${index}`] ?? null])),
    attempts: count('attempts'),
    calls: count('calls'),
    inputTokens: count('inputTokens'),
    cachedInputTokens: count('cachedInputTokens'),
    cacheWriteTokens: count('cacheWriteTokens'),
    outputTokens: count('outputTokens'),
    reasoningTokens: count('reasoningTokens'),
    costNanoUsd: row.costNanoUsd ?? '0',
    unconfirmedNanoUsd: row.unconfirmedNanoUsd ?? '0',
  };
}

/** Sorting keeps the order of equals. */
function byPeriod({ by }: CheckedQuery): (one: UsageSum, other: UsageSum) => number {
  const period = by.find((dimension) => ['day', 'week', 'month'].includes(dimension));
  if (period === undefined) return () => 0;
  return (one, other) =>
    (one.by[period] ?? '') < (other.by[period] ?? '') ? -1 : one.by[period] === other.by[period] ? 0 : 1;
}
