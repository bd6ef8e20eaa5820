import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../connection/database.js';
import { notedCallers } from './callers.js';
import { dailySums } from './daily-usage.js';
import { type EventRow, eventColumns } from './event-columns.js';

const names = sql.join(eventColumns.map(({ name }) => sql.ref(name)));
const typed = sql.join(
  eventColumns.map(({ name, type }) => sql`${sql.ref(`given.${name}`)}::${sql.raw(type)}`),
);

/**
 * Writes events in one statement: each once, for any number of deliveries, together with the new ones' charges to their windows, their
 * parts of the day's sums, and their callers. Their months must have tables. Resolves with the ids of the new ones; rejects as a whole.
 */
export async function insertEvents(
  { query, schema }: Database,
  events: readonly EventRow[],
): Promise<string[]> {
  // Rows and counters are always locked in the same order, so that processes which write the same ones do not block each other.
  const rows = [...events].sort((a, b) => (a.eventId < b.eventId ? -1 : 1));
  const arrays = eventColumns.map(
    (_, column): RawBuilder<unknown> => sql`${rows.map((row) => row.values[column])}::text[]`,
  );
  const { rows: written } = await sql<{ event_id: string }>`
    with new as (
      insert into ${sql.id(schema, 'usage_events')} (${names})
      select ${typed} from unnest(${sql.join(arrays)}) as given (${names})
      on conflict (event_id) do nothing
      returning *
    ),
    days as (${dailySums(sql.id(schema, 'daily_usage'), sql`new`)}),
    seen as (${notedCallers(sql.id(schema, 'callers'), sql`new`)}),
    spending as (
    insert into ${sql.id(schema, 'window_spend')} as spent (counter, window_id, amount, touched_at)
    select charge ->> 'counter', charge ->> 'window', sum((charge ->> 'amount')::bigint), now()
    from new, jsonb_array_elements(new.charges) as charge
    group by 1, 2
    order by 1, 2
    on conflict (counter, window_id)
    do update set amount = spent.amount + excluded.amount, touched_at = excluded.touched_at
    )
    select event_id from new`.execute(query);
  return written.map(({ event_id }) => event_id);
}
