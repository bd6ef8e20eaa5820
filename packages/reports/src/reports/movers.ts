import type { Database } from '@tollgate/postgres';
import { sql } from 'kysely';
import type { CheckedQuery } from './usage-query.js';
import { rowsOfBoth } from './usage-rows.js';

/** How the cost of one value has changed against the period before. */
export interface Mover {
  readonly by: Readonly<Record<string, string | null>>;
  readonly costNanoUsd: string;
  readonly previousNanoUsd: string;
  readonly changeNanoUsd: string;
}

/** Pairs a period with the one of the same length before, the largest change first, up or down; at most `limit`. */
export async function movers({ query, schema }: Database, asked: CheckedQuery): Promise<Mover[]> {
  const { by, fromMs, toMs, limit } = asked;
  const before = { ...asked, fromMs: 2 * fromMs - toMs, toMs: fromMs };
  const keys = by.map((_, index) => sql.ref(`by_${index}`));
  const [now, earlier] = [sql`coalesce(sum(now), 0)`, sql`coalesce(sum(earlier), 0)`];
  const change = sql`${now} - ${earlier}`;
  const { rows } = await sql<Record<string, string | null>>`
    select ${sql.join([...keys, sql`(${now})::text as now`, sql`(${earlier})::text as earlier`, sql`(${change})::text as change`])}
    from (${rowsOfBoth(schema, before, asked)}) as both_periods
    ${keys.length === 0 ? sql`` : sql`group by ${sql.join(keys)}`}
    having ${change} <> 0
    order by abs(${change}) desc limit ${sql.lit(limit)}`.execute(query);
  return rows.map((row) => ({
    by: Object.fromEntries(by.map((dimension, index) => [dimension, row[`by_${index}`] ?? null])),
    costNanoUsd: row.now ?? '0',
    previousNanoUsd: row.earlier ?? '0',
    changeNanoUsd: row.change ?? '0',
  }));
}
