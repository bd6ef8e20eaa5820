import type { Database } from '@tollgate/postgres';
import { sql } from 'kysely';
import type { CheckedQuery } from './usage-query.js';
import { usageRows } from './usage-rows.js';

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

/** The sums of a report, and the columns that they are sums of. */
const figures = {
  attempts: 'attempts',
  calls: 'calls',
  inputTokens: 'input_tokens',
  cachedInputTokens: 'cached_input_tokens',
  cacheWriteTokens: 'cache_write_tokens',
  outputTokens: 'output_tokens',
  reasoningTokens: 'reasoning_tokens',
  costNanoUsd: 'cost_nano_usd',
  unconfirmedNanoUsd: 'unconfirmed_nano_usd',
} as const;

/** Sums usage by the query's dimensions: periods in their order, otherwise the dearest first. `only`: the figures that are summed; others are 0. */
export async function usageReport(
  { query, schema }: Database,
  asked: CheckedQuery,
  only = Object.keys(figures) as readonly (keyof typeof figures)[],
): Promise<UsageSum[]> {
  const keys = asked.by.map((_, index) => sql.ref(`by_${index}`));
  const sums = only.map((name) => sql`coalesce(sum(${sql.ref(figures[name])}), 0)::text as ${sql.ref(name)}`);
  const { rows } = await sql<Record<string, string | null>>`
    select ${sql.join([...keys, ...sums])} from (${usageRows(schema, asked)}) as used
    ${keys.length === 0 ? sql`` : sql`group by ${sql.join(keys)}`}
    order by sum(cost_nano_usd) desc nulls last limit ${sql.lit(asked.limit)}`.execute(query);
  return rows.map((row) => sumOf(row, asked)).sort(byPeriod(asked));
}

function sumOf(row: Record<string, string | null>, { by }: CheckedQuery): UsageSum {
  const count = (name: keyof UsageSum): number => Number(row[name] ?? 0);
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
