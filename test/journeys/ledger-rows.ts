import type { Pool } from 'pg';

/** A row of the ledger, as far as this looks at it. */
export interface Row {
  readonly ask: string;
  readonly tenant: string;
  readonly team: string;
  readonly model: string;
  readonly cost: bigint;
  /** What its counters were charged: the cost, and what is unresolved. */
  readonly charged: bigint;
  /** Whether the provider has said what it used. */
  readonly reported: boolean;
}

/** All rows that there are. */
export async function readRows(pool: Pool): Promise<Row[]> {
  const { rows: found } = await pool.query(
    `select labels ->> 'ask' as ask, tenant, team, model, cost_nano_usd::text as cost,
      (cost_nano_usd + coalesce(unresolved_nano_usd, 0))::text as charged, source = 'provider' and not uncertain as reported
    from tollgate.usage_events`,
  );
  return found.map((row) => ({ ...row, cost: BigInt(row.cost), charged: BigInt(row.charged) }));
}
