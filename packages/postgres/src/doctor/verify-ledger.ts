import { accepts, checkOptions } from '@tollgate/core/internal';
import { sql } from 'kysely';
import type { Database } from '../connection/database.js';
import { longestWindowMs, lowestId } from '../ledger/month.js';

/** A window whose kept sum is not that of its events. Amounts are integers in the counter's unit, as decimal strings. */
export interface WrongSum {
  readonly counter: string;
  readonly window: string;
  /** The sum in `window_spend`, from which budgets are restored. */
  readonly kept: string;
  /** The charges of the events, which are authoritative. */
  readonly charged: string;
}

/** How a check is made. */
export interface VerifyLedgerOptions {
  /** Checks windows that were charged within this many days. 1 to 3 650. @defaultValue 35 */
  days?: number;
  /** Sets wrong sums to those of the events. New events wait until it is done. @defaultValue false */
  repair?: boolean;
  /** The clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

const dayMs = 86_400_000;

/** Throws a `TypeError` that names the check, the option and the received value. */
export function readCheckOptions(check: string, options: VerifyLedgerOptions): Required<VerifyLedgerOptions> {
  checkOptions<VerifyLedgerOptions>(check, options, {
    days: accepts.integerBetween(1, 3_650),
    repair: accepts.boolean,
    now: accepts.function,
  });
  const { days = 35, repair = false, now = Date.now } = options;
  return { days, repair, now };
}

/** Compares the sums from which budgets are restored with their events; lists the differences, and repairs them on demand. */
export async function verifyLedger(
  database: Database,
  options: VerifyLedgerOptions = {},
): Promise<WrongSum[]> {
  const { days, repair, now } = readCheckOptions('verifyLedger', options);
  await database.ready();
  const { query, schema } = database;
  const spend = sql.id(schema, 'window_spend');
  const touched = new Date(now() - days * dayMs);
  // A window's first charge may be so much older than its last.
  const oldest = lowestId(now() - days * dayMs - longestWindowMs);
  return query.transaction().execute(async (transaction) => {
    if (repair) await sql`lock table ${spend} in share row exclusive mode`.execute(transaction);
    const { rows } = await sql<WrongSum>`
      with charged as (
        select charge ->> 'counter' as counter, charge ->> 'window' as window_id,
          sum((charge ->> 'amount')::bigint) as amount, max(settled_at) as touched_at
        from ${sql.id(schema, 'usage_events')}, jsonb_array_elements(charges) as charge
        where event_id >= ${oldest}::uuid and charge ->> 'window' <> 'bucket'
        group by 1, 2
      )
      select counter, window_id as window, coalesce(kept.amount, 0)::text as kept,
        coalesce(charged.amount, 0)::text as charged
      from (select * from ${spend} where window_id <> 'bucket' and touched_at >= ${touched}) as kept
      full join charged using (counter, window_id)
      where coalesce(kept.amount, 0) <> coalesce(charged.amount, 0)
        and (kept.counter is not null or charged.touched_at >= ${touched})
      order by 1, 2`.execute(transaction);
    if (repair && rows.length > 0) {
      const column = (name: keyof WrongSum) => rows.map((row) => row[name]);
      await sql`
        insert into ${spend} (counter, window_id, amount, touched_at)
        select counter, window_id, amount, now()
        from unnest(${column('counter')}::text[], ${column('window')}::text[], ${column('charged')}::bigint[])
          as right_one (counter, window_id, amount)
        on conflict (counter, window_id) do update set amount = excluded.amount`.execute(transaction);
    }
    return rows;
  });
}
