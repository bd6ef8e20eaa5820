import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../connection/database.js';
import { dailySums, eventFigures } from '../ledger/daily-usage.js';
import { lowestId } from '../ledger/month.js';
import { readCheckOptions, type VerifyLedgerOptions } from './verify-ledger.js';

/** A UTC day whose kept sums are not those of its events. Money in nano-dollars as decimal strings. */
export interface WrongDay {
  readonly day: string;
  /** The sum in `daily_usage`, from which reports are made. */
  readonly keptAttempts: number;
  readonly keptNanoUsd: string;
  /** The sum of the events, which are authoritative. */
  readonly attempts: number;
  readonly costNanoUsd: string;
}

const dayMs = 86_400_000;

/**
 * Compares the daily sums from which reports are made with the events that they summarise, over the last `days` UTC days; lists the days
 * that differ in any sum, and rebuilds them on demand. Throws a `TypeError` for wrong options.
 */
export async function checkDailyUsage(
  database: Database,
  options: VerifyLedgerOptions = {},
): Promise<WrongDay[]> {
  const { days, repair, now } = readCheckOptions('checkDailyUsage', options);
  await database.ready();
  const { query, schema } = database;
  const [daily, events] = [sql.id(schema, 'daily_usage'), sql.id(schema, 'usage_events')];
  const sinceMs = Math.max(0, Math.floor(now() / dayMs) - days) * dayMs;
  const names = Object.keys(eventFigures).map((name) => sql.ref(name));
  const since = sql`${new Date(sinceMs).toISOString().slice(0, 10)}::date`;
  return query.transaction().execute(async (transaction) => {
    // Sums written meanwhile would be lost, or added twice.
    if (repair) await sql`lock table ${daily} in share row exclusive mode`.execute(transaction);
    const scratch = sql.id('pg_temp', 'tollgate_daily_usage');
    await sql`create temporary table tollgate_daily_usage (like ${daily} including indexes) on commit drop`.execute(
      transaction,
    );
    const chosen = sql`(select * from ${events} where event_id >= ${lowestId(sinceMs)}::uuid) as chosen`;
    await sql`${dailySums(scratch, chosen)}`.execute(transaction);
    const { rows } = await sql<{
      day: string;
      kept: string;
      keptCost: string;
      attempts: string;
      cost: string;
    }>`
      with differing as (
        select distinct day from (
          (select day, slot, ${sql.join(names)} from ${scratch}
            except select day, slot, ${sql.join(names)} from ${daily} where day >= ${since})
          union all
          (select day, slot, ${sql.join(names)} from ${daily} where day >= ${since}
            except select day, slot, ${sql.join(names)} from ${scratch})
        ) as either
      )
      select to_char(day, 'YYYY-MM-DD') as day,
        ${total(daily, 'attempts')} as kept, ${total(daily, 'cost_nano_usd')} as "keptCost",
        ${total(scratch, 'attempts')} as attempts, ${total(scratch, 'cost_nano_usd')} as cost
      from differing order by 1`.execute(transaction);
    if (repair && rows.length > 0) {
      const wrong = rows.map(({ day }) => day);
      await sql`delete from ${daily} where day = any(${wrong}::date[])`.execute(transaction);
      await sql`insert into ${daily} select * from ${scratch} where day = any(${wrong}::date[])`.execute(
        transaction,
      );
    }
    return rows.map(({ day, kept, keptCost, attempts, cost }) => ({
      ...{ day, keptAttempts: Number(kept), keptNanoUsd: keptCost },
      ...{ attempts: Number(attempts), costNanoUsd: cost },
    }));
  });
}

/** A table's total for a differing day. */
function total(table: RawBuilder<unknown>, name: string): RawBuilder<string> {
  return sql`(select coalesce(sum(${sql.ref(name)}), 0)::text from ${table} as summed where summed.day = differing.day)`;
}
