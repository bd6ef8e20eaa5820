import type { BillingDatabase } from './billing-database.js';
import type { BillingProvider } from './billing-provider.js';
import { messageOf } from './message-of.js';
import { conditionsOf, type Meter, sumOf } from './meter.js';

/** A customer's meter over a period. Quantities are integers as decimal strings. */
export interface BillingLine {
  readonly meter: string;
  /** `undefined`: nothing was sent for these tenants yet. */
  readonly customer?: string;
  readonly tenants: readonly string[];
  /** The usage of the period in the ledger. */
  readonly used: string;
  /** Of that: taken by the provider, waiting to be, set aside. */
  readonly taken: string;
  readonly waiting: string;
  readonly setAside: string;
  /** The usage that the provider has accepted and dates within the period: late usage may be dated later than it occurred. */
  readonly dated: string;
  /** The provider's total for the period; absent where the provider has no such query. */
  readonly provider?: string;
  readonly problem?: string;
  /** Whether all usage was accepted, and the provider's totals match it. */
  readonly agrees: boolean;
}

/** Compares ledger, outbox and provider for one meter in `[fromMs, toMs)`, bounds of slices. */
export async function reconcileMeter(
  { schema, execute }: BillingDatabase,
  provider: BillingProvider,
  meter: Meter,
  fromMs: number,
  toMs: number,
): Promise<BillingLine[]> {
  const { text, values } = conditionsOf(meter, 5);
  const events = `"${schema}".billing_events`;
  const within = (time: string) =>
    `${time} >= to_timestamp($1::float8 / 1000) and ${time} < to_timestamp($2::float8 / 1000)`;
  const idAt = (ms: string) => `rpad(lpad(to_hex(${ms}::bigint), 12, '0'), 32, '0')::uuid`;
  const sum = (condition: string) => `coalesce(sum(quantity) filter (where ${condition}), 0)`;
  const rows = await execute(
    `with used as (
      select tenant, ${sumOf(meter)} as quantity from "${schema}"."usage"
      where event_id >= ${idAt('$1')} and event_id < ${idAt('$2')}${text} group by 1
    ), sent as (
      select tenant, max(customer) as customer, ${sum(`state = 'taken' and ${within('slice')}`)} as taken,
        ${sum(`state = 'waiting' and ${within('slice')}`)} as waiting,
        ${sum(`state = 'set_aside' and ${within('slice')}`)} as set_aside,
        ${sum(`state = 'taken' and ${within('stamp')}`)} as dated
      from ${events} where provider = $3 and meter = $4 and ((${within('slice')}) or (${within('stamp')})) group by 1
    )
    select customer, array_agg(tenant order by tenant)::text[] as tenants, coalesce(sum(used.quantity), 0)::text as used,
      coalesce(sum(taken), 0)::text as taken, coalesce(sum(waiting), 0)::text as waiting,
      coalesce(sum(set_aside), 0)::text as set_aside, coalesce(sum(dated), 0)::text as dated
    from used full join sent using (tenant) group by customer order by customer nulls last`,
    [fromMs, toMs, provider.name, meter.name, ...values],
  );
  const lines: BillingLine[] = [];
  for (const row of rows) {
    const [used, taken, dated] = [String(row.used), String(row.taken), String(row.dated)];
    const customer = typeof row.customer === 'string' ? row.customer : undefined;
    const there = customer === undefined ? {} : await asked(provider, meter.name, customer, fromMs, toMs);
    lines.push({
      meter: meter.name,
      ...(customer !== undefined && { customer }),
      tenants: row.tenants as string[],
      ...{ used, taken, waiting: String(row.waiting), setAside: String(row.set_aside), dated },
      ...there,
      agrees: used === taken && !there.problem && (there.provider === undefined || there.provider === dated),
    });
  }
  return lines;
}

async function asked(
  provider: BillingProvider,
  ...what: [meter: string, customer: string, fromMs: number, toMs: number]
): Promise<{ provider?: string; problem?: string }> {
  if (!provider.total) return {};
  try {
    return { provider: await provider.total(...what) };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}
