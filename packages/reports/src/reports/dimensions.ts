import { describeValue } from '@tollgate/core/internal';
import { type RawBuilder, sql } from 'kysely';

/** The columns of `usage_events` that usage can be told apart by, under the names of a usage event. */
const columns = {
  tenant: 'tenant',
  team: 'team',
  user: 'user_id',
  key: 'key_id',
  plan: 'plan',
  route: 'route',
  feature: 'feature',
  provider: 'provider',
  model: 'model',
  requestedModel: 'requested_model',
  tier: 'tier',
  outcome: 'outcome',
  source: 'source',
} as const;

/** What usage can be told apart and chosen by: a field of the event, or a label, `label:cost_centre`. */
export type Facet = keyof typeof columns | `label:${string}`;

/** Calendar periods of a time zone: `2026-11-21`, the Monday that a week begins with, `2026-11`. */
export type Period = 'day' | 'week' | 'month';

export type Dimension = Facet | Period;

const periods = ['day', 'week', 'month'];
const known = [...Object.keys(columns), ...periods];

export function isPeriod(dimension: string): dimension is Period {
  return periods.includes(dimension);
}

/** Throws a `TypeError` for anything else than a dimension. */
export function checkDimension(report: string, dimension: unknown): void {
  const isLabel = typeof dimension === 'string' && /^label:.{1,200}$/s.test(dimension);
  if (isLabel || (typeof dimension === 'string' && known.includes(dimension))) return;
  throw new TypeError(
    `${report}: "by" takes ${known.join(', ')} and label:<name>, received ${describeValue(dimension)}`,
  );
}

/** Whether a dimension is one of the columns of that name, or a period that begins and ends with UTC days. */
export function isIn(names: readonly string[], dimension: Dimension, timeZone: string): boolean {
  if (isPeriod(dimension)) return timeZone === 'UTC';
  return !dimension.startsWith('label:') && names.includes(columns[dimension as keyof typeof columns]);
}

/** The time of an event in a time zone, as a calendar there shows it. */
export function localTime(timeZone: string): RawBuilder<unknown> {
  return sql`at at time zone ${sql.lit(timeZone)}`;
}

/** A dimension as SQL over rows that have its column, and whose time is `moment`, a timestamp without zone. It must have been checked. */
export function expressionOf(dimension: Dimension, moment: RawBuilder<unknown>): RawBuilder<string | null> {
  if (dimension.startsWith('label:'))
    return sql`labels ->> ${dimension.slice(6).replaceAll('\0', '\uFFFD')}::text`;
  if (!isPeriod(dimension)) return sql`${sql.ref(columns[dimension as keyof typeof columns])}`;
  const form = dimension === 'month' ? 'YYYY-MM' : 'YYYY-MM-DD';
  return sql`to_char(date_trunc(${sql.lit(dimension)}, ${moment}), ${sql.lit(form)})`;
}
