import type { CounterWindow, WindowSpend } from '@tollgate/core/internal';
import { sql } from 'kysely';
import type { Database } from '../connection/database.js';

/** The spend of these windows, in their order. */
export async function spentIn(
  { query, schema }: Database,
  windows: readonly CounterWindow[],
): Promise<number[]> {
  const counters = windows.map(({ counter }) => counter);
  const ids = windows.map(({ window }) => window);
  const { rows } = await sql<{ amount: unknown }>`
    select coalesce(spent.amount, 0) as amount
    from unnest(${counters}::text[], ${ids}::text[]) with ordinality as asked (counter, window_id, place)
    left join ${sql.id(schema, 'window_spend')} as spent using (counter, window_id)
    order by place`.execute(query);
  return rows.map(({ amount }) => Number(amount));
}

/** How long after something was charged to a window it may still be open, by the period that its counter names. */
const longestOpen = sql`
  case split_part(split_part(split_part(counter, '/', 2), '@', 1), '+', 1)
    when 'minute' then interval '1 hour'
    when 'hour' then interval '1 day'
    when 'day' then interval '2 days'
    when 'week' then interval '8 days'
    else interval '32 days'
  end`;

/** The spend of every window that may still be open. Token buckets are left out: they start full. */
export async function openWindows({ query }: Database): Promise<WindowSpend[]> {
  const rows = await query
    .selectFrom('window_spend')
    .select(['counter', 'window_id as window', 'amount'])
    .where('window_id', '<>', 'bucket')
    .where('touched_at', '>', sql<Date>`now() - ${longestOpen}`)
    .execute();
  return rows.map(({ counter, window, amount }) => ({ counter, window, amount: Number(amount) }));
}

/** Forgets the sums of windows that have been over for more than `days`; the events that they are the sums of stay. */
export async function forgetWindows({ query }: Database, days: number): Promise<void> {
  await query
    .deleteFrom('window_spend')
    .where('touched_at', '<', sql<Date>`now() - make_interval(days => ${days}::integer)`)
    .execute();
  await query
    .deleteFrom('callers')
    .where('last_at', '<', sql<Date>`now() - make_interval(days => ${days}::integer)`)
    .execute();
}
