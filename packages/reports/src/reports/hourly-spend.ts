import type { Database } from '@tollgate/postgres';
import { lowestId } from '@tollgate/postgres/internal';
import { sql } from 'kysely';

/** Whose spend: a tenant's, or that of one of its teams, users or keys. */
export interface SpendSubject {
  readonly tenant: string;
  readonly team?: string | null | undefined;
  readonly user?: string | null | undefined;
  readonly key?: string | null | undefined;
}

/** Spend by the hour: `hours[0]` is that of `firstHour`, in hours since the epoch. US dollars. */
export interface HourlySpend {
  readonly firstHour: number;
  readonly hours: readonly number[];
}

const hourMs = 3_600_000;
/** Subjects at once. */
const mostSubjects = 100;

/**
 * What each subject has spent in each hour from `fromMs` to now, in their order; empty where it has spent nothing. For forecasts, which need
 * no exact money. Throws a `TypeError` for more than 100 subjects.
 */
export async function hourlySpend(
  database: Database,
  subjects: readonly SpendSubject[],
  { fromMs, nowMs }: { fromMs: number; nowMs: number },
): Promise<HourlySpend[]> {
  if (subjects.length > mostSubjects) throw new TypeError(`hourlySpend: at most ${mostSubjects} subjects`);
  if (subjects.length === 0) return [];
  await database.ready();
  const { query, schema } = database;
  const of = (part: keyof SpendSubject) => subjects.map((subject) => subject[part] ?? null);
  const { rows } = await sql<{ place: string; hour: string; usd: number }>`
    select place::text, (extract(epoch from date_trunc('hour', at)) / 3600)::bigint::text as hour, sum(cost_nano_usd::float8) / 1e9 as usd
    from unnest(${of('tenant')}::text[], ${of('team')}::text[], ${of('user')}::text[], ${of('key')}::text[])
      with ordinality as asked (of_tenant, of_team, of_user, of_key, place)
    join ${sql.id(schema, 'usage_events')} as e on e.tenant = of_tenant
      and (of_team is null or e.team = of_team)
      and (of_user is null or e.user_id = of_user)
      and (of_key is null or e.key_id = of_key)
    where event_id >= ${lowestId(fromMs)}::uuid
    group by place, date_trunc('hour', at)`.execute(query);
  const lastHour = Math.floor(nowMs / hourMs);
  const found = subjects.map(() => new Map<number, number>());
  for (const { place, hour, usd } of rows) found[Number(place) - 1]?.set(Number(hour), usd);
  return found.map((byHour) => {
    const firstHour = Math.min(lastHour, ...byHour.keys());
    if (byHour.size === 0) return { firstHour, hours: [] };
    const hours = Array.from(
      { length: lastHour - firstHour + 1 },
      (_, index) => byHour.get(firstHour + index) ?? 0,
    );
    return { firstHour, hours };
  });
}
