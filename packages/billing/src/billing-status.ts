import type { BillingDatabase } from './billing-database.js';

/** A meter's events and quantities in one state. Quantities are integers as decimal strings. */
interface MeterState {
  readonly meter: string;
  readonly state: 'waiting' | 'taken' | 'set_aside';
  readonly events: number;
  readonly quantity: string;
}

/** An event that has not been taken, and why. */
interface OpenEvent {
  readonly identifier: string;
  readonly meter: string;
  readonly tenant: string;
  readonly customer?: string;
  readonly state: 'waiting' | 'set_aside';
  readonly quantity: string;
  /** When it was used, ISO. */
  readonly at: string;
  readonly attempts: number;
  readonly reason: string;
}

export interface BillingStatus {
  readonly meters: readonly MeterState[];
  /** Those that were set aside, or have failed: the oldest 100. */
  readonly open: readonly OpenEvent[];
}

/** The state of one provider's outbox. */
export async function statusOf(
  { schema, execute }: BillingDatabase,
  provider: string,
): Promise<BillingStatus> {
  const events = `"${schema}".billing_events`;
  const meters = await execute(
    `select meter, state, count(*)::integer as events, sum(quantity)::text as quantity from ${events}
    where provider = $1 group by 1, 2 order by 1, 2`,
    [provider],
  );
  const open = await execute(
    `select identifier, meter, tenant, customer, state, quantity::text, attempts, reason,
      (extract(epoch from stamp) * 1000)::bigint::text as stamp
    from ${events} where provider = $1 and state <> 'taken' and reason is not null
    order by state, billing_events.stamp, identifier limit 100`,
    [provider],
  );
  return {
    meters: meters.map(({ meter, state, events: count, quantity }) => ({
      meter: String(meter),
      state: state as MeterState['state'],
      events: Number(count),
      quantity: String(quantity),
    })),
    open: open.map((row) => ({
      identifier: String(row.identifier),
      meter: String(row.meter),
      tenant: String(row.tenant),
      ...(typeof row.customer === 'string' && { customer: row.customer }),
      state: row.state as OpenEvent['state'],
      quantity: String(row.quantity),
      at: new Date(Number(row.stamp)).toISOString(),
      attempts: Number(row.attempts),
      reason: String(row.reason),
    })),
  };
}
