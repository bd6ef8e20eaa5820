import type { Database } from '@tollgate/postgres';
import { sql } from 'kysely';
import { expressionOf, localTime } from './dimensions.js';
import type { CheckedQuery } from './usage-query.js';
import type { UsageSum } from './usage-report.js';
import { conditionsOf, periodOfEvents } from './usage-rows.js';

/** What usage has cost for each time that an outcome was reached. */
export interface OutcomeCost {
  readonly by: Readonly<Record<string, string | null>>;
  readonly outcomes: number;
  readonly costNanoUsd: string;
  /** Cost ÷ outcomes, rounded up; `null` where it was never reached. */
  readonly costPerOutcomeNanoUsd: string | null;
}

/** Notes an outcome of a request, e.g. `resolved`; once, however often it is told. */
export async function recordOutcome({ query }: Database, requestId: string, outcome: string): Promise<void> {
  await query
    .insertInto('outcomes')
    .values({ request_id: requestId, outcome })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** How often an outcome was reached by requests among a query's usage, by its dimensions. */
export async function outcomeCounts(
  { query, schema }: Database,
  asked: CheckedQuery,
  outcome: string,
): Promise<Map<string, number>> {
  const keys = asked.by.map((dimension) => expressionOf(dimension, localTime(asked.timeZone)));
  const columns = keys.map((_, index) => sql.ref(`by_${index}`));
  const named = keys.map((key, index) => sql`${key} as ${columns[index]}`);
  const { rows } = await sql<Record<string, string | null>>`
    select ${sql.join([...columns, sql`count(*)::text as outcomes`])}
    from (
      select distinct on (request_id) ${sql.join([sql`request_id`, ...named])}
      from ${sql.id(schema, 'usage_events')}
      where ${periodOfEvents(asked)} and ${conditionsOf(asked)}
        and request_id in (select request_id from ${sql.id(schema, 'outcomes')} where outcome = ${outcome})
      order by request_id, event_id
    ) as reached
    ${columns.length === 0 ? sql`` : sql`group by ${sql.join(columns)}`}`.execute(query);
  return new Map(
    rows.map((row) => [
      JSON.stringify(keys.map((_, index) => row[`by_${index}`] ?? null)),
      Number(row.outcomes),
    ]),
  );
}

export function outcomeCosts(sums: readonly UsageSum[], counts: ReadonlyMap<string, number>): OutcomeCost[] {
  return sums.map(({ by, costNanoUsd }) => {
    const outcomes = counts.get(JSON.stringify(Object.values(by))) ?? 0;
    const count = BigInt(outcomes);
    const each = count === 0n ? null : String((BigInt(costNanoUsd) + count - 1n) / count);
    return { by, outcomes, costNanoUsd, costPerOutcomeNanoUsd: each };
  });
}
