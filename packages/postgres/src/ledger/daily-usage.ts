import { type RawBuilder, sql } from 'kysely';

/** The dimensions of `daily_usage`, beside the UTC day: columns of `usage_events` with few values. */
export const dailyDimensions = [
  'tenant',
  'team',
  'plan',
  'route',
  'feature',
  'provider',
  'requested_model',
  'model',
  'tier',
  'outcome',
  'source',
] as const;

/** The contribution of one event to each sum, by the column of `daily_usage` that contains it. */
export const eventFigures: Readonly<Record<string, RawBuilder<unknown>>> = {
  attempts: sql`(kind = 'usage')::integer`,
  calls: sql`(kind = 'usage' and attempt = 1)::integer`,
  input_tokens: sql`input_tokens`,
  cached_input_tokens: sql`cached_input_tokens`,
  cache_write_tokens: sql`cache_write_tokens`,
  output_tokens: sql`output_tokens`,
  reasoning_tokens: sql`reasoning_tokens`,
  cost_nano_usd: sql`cost_nano_usd`,
  unconfirmed_nano_usd: sql`case when source = 'estimated' or uncertain then cost_nano_usd else 0 end`,
};

/** The UTC day of an event. */
const dayOfEvent = sql`(at at time zone 'UTC')::date`;

const dimensions = sql.join(dailyDimensions.map((name) => sql.ref(name)));
const figureNames = Object.keys(eventFigures);
const columns = sql.join(['day', 'slot', ...dailyDimensions, ...figureNames].map((name) => sql.ref(name)));
const sums = sql.join(Object.values(eventFigures).map((figure) => sql`sum(${figure})`));
/** One key for all dimensions, of which some may be absent. */
const slot = sql`md5(jsonb_build_array(${dimensions})::text)::uuid`;

/**
 * Adds the sums of rows with the columns of `usage_events` to `daily_usage`, as one statement. In the order of its key: processes that
 * add to the same sums do not block each other.
 */
export function dailySums(daily: RawBuilder<unknown>, rows: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    insert into ${daily} as kept (${columns})
    select ${dayOfEvent}, ${slot}, ${dimensions}, ${sums} from ${rows}
    group by ${dayOfEvent}, ${dimensions}
    order by 1, 2
    on conflict (day, slot) do update set ${sql.join(
      figureNames.map(
        (name) => sql`${sql.ref(name)} = ${sql.ref(`kept.${name}`)} + ${sql.ref(`excluded.${name}`)}`,
      ),
    )}`;
}
