import { dailyDimensions, eventFigures, lowestId } from '@tollgate/postgres/internal';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { expressionOf, isIn, localTime } from './dimensions.js';
import type { CheckedQuery } from './usage-query.js';

const dayMs = 86_400_000;
/** Years beyond four digits are written otherwise, and no event is of them. */
const lastDayMs = Date.UTC(9999, 11, 31);
const figureNames = Object.keys(eventFigures).map((name) => sql.ref(name));

/**
 * The rows that a report sums, each with the query's dimensions as `by_0`, `by_1` and so on, and its figures: whole UTC days from the sums
 * that are kept of them, where those tell apart what is asked for; the rest from the events.
 */
export function usageRows(schema: string, asked: CheckedQuery): RawBuilder<unknown> {
  const days = wholeDays(asked);
  if (!days) return eventRows(schema, asked);
  const { fromMs, toMs } = days;
  const parts = [dailyRows(schema, { ...asked, fromMs, toMs })];
  if (asked.fromMs < fromMs) parts.push(eventRows(schema, { ...asked, toMs: fromMs }));
  if (toMs < asked.toMs) parts.push(eventRows(schema, { ...asked, fromMs: toMs }));
  return sql.join(parts, sql` union all `);
}

/**
 * The rows of two periods, the earlier one first, each with its cost counted in `now` or in `earlier`: days that both have in the kept sums
 * are read at once.
 */
export function rowsOfBoth(schema: string, earlier: CheckedQuery, now: CheckedQuery): RawBuilder<unknown> {
  const keys = now.by.map((_, index) => sql.ref(`by_${index}`));
  const cost = sql.ref('cost_nano_usd');
  const counted = (rows: RawBuilder<unknown>, isNow: RawBuilder<unknown>) =>
    sql`select ${sql.join([...keys, sql`case when ${isNow} then ${cost} else 0 end as now`, sql`case when ${isNow} then 0 else ${cost} end as earlier`])} from (${rows}) as used`;
  const [daysBefore, days] = [wholeDays(earlier), wholeDays(now)];
  if (!daysBefore || !days) {
    return sql`${counted(usageRows(schema, earlier), sql`false`)} union all ${counted(usageRows(schema, now), sql`true`)}`;
  }
  const between = { fromMs: daysBefore.toMs, toMs: days.fromMs };
  const daily = sql`select * from (${dailyRows(schema, { ...now, fromMs: daysBefore.fromMs, toMs: days.toMs }, sql`, day`)}) as sums
    where day < ${dayOf(between.fromMs)} or day >= ${dayOf(between.toMs)}`;
  const parts = [counted(daily, sql`day >= ${dayOf(days.fromMs)}`)];
  const addEvents = (asked: CheckedQuery, fromMs: number, toMs: number, isNow: boolean): void => {
    if (fromMs < toMs)
      parts.push(counted(eventRows(schema, { ...asked, fromMs, toMs }), sql`${sql.lit(isNow)}`));
  };
  addEvents(earlier, earlier.fromMs, daysBefore.fromMs, false);
  addEvents(earlier, daysBefore.toMs, earlier.toMs, false);
  addEvents(now, now.fromMs, days.fromMs, true);
  addEvents(now, days.toMs, now.toMs, true);
  return sql.join(parts, sql` union all `);
}

/** The whole UTC days of a query's period; `undefined` where there is none, or where their sums do not tell what is asked for. */
function wholeDays(asked: CheckedQuery): { fromMs: number; toMs: number } | undefined {
  const { by, where, timeZone } = asked;
  const dimensions = [...by, ...where.map(([facet]) => facet)];
  if (!dimensions.every((one) => isIn(dailyDimensions, one, timeZone))) return undefined;
  const fromMs = Math.ceil(Math.max(0, asked.fromMs) / dayMs) * dayMs;
  const toMs = Math.floor(Math.min(lastDayMs, asked.toMs) / dayMs) * dayMs;
  return fromMs < toMs ? { fromMs, toMs } : undefined;
}

const dayOf = (ms: number): RawBuilder<unknown> => sql`${new Date(ms).toISOString().slice(0, 10)}::date`;

function dailyRows(schema: string, asked: CheckedQuery, more = sql``): RawBuilder<unknown> {
  return sql`
    select ${sql.join([...keysOf(asked, sql`day::timestamp`), ...figureNames])}${more} from ${sql.id(schema, 'daily_usage')}
    where day >= ${dayOf(asked.fromMs)} and day < ${dayOf(asked.toMs)} and ${conditionsOf(asked)}`;
}

function eventRows(schema: string, asked: CheckedQuery): RawBuilder<unknown> {
  const figures = Object.entries(eventFigures).map(([name, figure]) => sql`${figure} as ${sql.ref(name)}`);
  return sql`
    select ${sql.join([...keysOf(asked, localTime(asked.timeZone)), ...figures])} from ${sql.id(schema, 'usage_events')}
    where ${periodOfEvents(asked)} and ${conditionsOf(asked)}`;
}

function keysOf({ by }: CheckedQuery, moment: RawBuilder<unknown>): RawBuilder<unknown>[] {
  return by.map((dimension, index) => sql`${expressionOf(dimension, moment)} as ${sql.ref(`by_${index}`)}`);
}

/** The events of a query's period, as SQL over `usage_events`. */
export function periodOfEvents({ fromMs, toMs }: CheckedQuery): RawBuilder<SqlBool> {
  return sql`event_id >= ${lowestId(fromMs)}::uuid and event_id < ${lowestId(toMs)}::uuid`;
}

/** What a query's `where` says, as SQL over rows that have its columns. */
export function conditionsOf({ where, timeZone }: CheckedQuery): RawBuilder<SqlBool> {
  const conditions = where.map(([facet, values]) => {
    const texts = values.filter((value) => value !== null).map((value) => value.replaceAll('\0', '\uFFFD'));
    const expression = expressionOf(facet, localTime(timeZone));
    const isAbsent = values.includes(null) ? sql`${expression} is null` : sql`false`;
    return sql`(${expression} = any(${texts}::text[]) or ${isAbsent})`;
  });
  return conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `);
}
