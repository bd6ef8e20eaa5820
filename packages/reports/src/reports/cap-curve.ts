import type { Database } from '@tollgate/postgres';
import { lowestId } from '@tollgate/postgres/internal';
import { sql } from 'kysely';
import type { SpendSubject } from './hourly-spend.js';

/** How a cap fills: the amounts of equal steps of its window, in the order of time. */
export interface CapCurve {
  readonly stepMs: number;
  /** Integers in the unit (nano-dollars for `usd`), as decimal strings; of steps that have begun. */
  readonly amounts: readonly string[];
}

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];

/** What an event adds to a cap of each unit. */
const figures = {
  usd: sql`sum(cost_nano_usd)`,
  tokens: sql`sum(input_tokens + output_tokens)`,
  inputTokens: sql`sum(input_tokens)`,
  outputTokens: sql`sum(output_tokens)`,
  requests: sql`count(distinct request_id)`,
} as const;

/** Units of caps whose curve the ledger knows. */
export type CurveUnit = keyof typeof figures;
export const curveUnits = Object.freeze(Object.keys(figures)) as readonly CurveUnit[];

/** A minute for an hour, an hour for a week, six hours for a month. */
const stepOf = (lengthMs: number): number => {
  if (lengthMs <= 2 * hourMs) return minuteMs;
  return lengthMs <= 8 * dayMs ? hourMs : 6 * hourMs;
};

/** How a subject has filled a cap from the start of its window until now, from the ledger. A window of 32 days at most. */
export async function capCurve(
  database: Database,
  subject: SpendSubject,
  { unit, fromMs, toMs, nowMs }: { unit: CurveUnit; fromMs: number; toMs: number; nowMs: number },
): Promise<CapCurve> {
  if (!(fromMs < toMs && toMs - fromMs <= 32 * dayMs))
    throw new TypeError('capCurve: the window must have at most 32 days');
  await database.ready();
  const { query, schema } = database;
  const stepMs = stepOf(toMs - fromMs);
  const { tenant, team, user, key } = subject;
  const only = (column: string, value: string | null | undefined) =>
    value === null || value === undefined
      ? sql`true`
      : sql`${sql.ref(column)} = ${value.replaceAll('\0', '\uFFFD')}`;
  const { rows } = await sql<{ step: number; amount: string }>`
    select floor((extract(epoch from at) * 1000 - ${fromMs}::float8) / ${stepMs}::float8)::integer as step, (${figures[unit]})::text as amount
    from ${sql.id(schema, 'usage_events')}
    where ${only('tenant', tenant)} and ${only('team', team)} and ${only('user_id', user)} and ${only('key_id', key)}
      and event_id >= ${lowestId(fromMs)}::uuid and event_id < ${lowestId(toMs)}::uuid
    group by 1`.execute(query);
  const bySteps = new Map(rows.map(({ step, amount }) => [step, amount]));
  const begun = Math.min(Math.ceil((toMs - fromMs) / stepMs), Math.floor((nowMs - fromMs) / stepMs) + 1);
  return {
    stepMs,
    amounts: Array.from({ length: Math.max(0, begun) }, (_, step) => bySteps.get(step) ?? '0'),
  };
}
