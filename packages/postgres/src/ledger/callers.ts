import { type RawBuilder, sql } from 'kysely';

/** How far `last_at` may be behind: it is not written for every event. In seconds. */
export const lastSeenWithinS = 3_600;

/** One key for the names, of which some may be absent. */
const slot = sql`md5(jsonb_build_array(tenant, team, user_id, key_id)::text)::uuid`;

/**
 * Notes who used anything in rows with the columns of `usage_events`, on which plan last, as one statement. In the order of its key:
 * processes that note the same callers do not block each other.
 */
export function notedCallers(callers: RawBuilder<unknown>, rows: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    insert into ${callers} as kept (slot, tenant, team, user_id, key_id, plan, last_at)
    select distinct on (1) ${slot}, tenant, team, user_id, key_id, plan, at from ${rows}
    order by 1, at desc
    on conflict (slot) do update set plan = excluded.plan, last_at = excluded.last_at
    where excluded.last_at > kept.last_at
      and (excluded.plan <> kept.plan or excluded.last_at > kept.last_at + interval '${sql.raw(String(lastSeenWithinS))} seconds')`;
}
