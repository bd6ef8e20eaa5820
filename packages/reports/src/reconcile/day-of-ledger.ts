import type { EventCharge } from '@tollgate/core/internal';
import type { Database } from '@tollgate/postgres';
import { lowestId } from '@tollgate/postgres/internal';
import { sql } from 'kysely';

/** Amounts in the units of limits. */
interface Amounts {
  readonly costNanoUsd: bigint;
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
}

/** An attempt whose end is unknown. */
export interface OpenAttempt {
  readonly eventId: string;
  readonly tenant: string;
  readonly estimate: Amounts;
  /** The charge of its counters. */
  readonly most: Amounts;
  /** Nano-dollars charged beyond the estimate. */
  readonly unresolved: bigint;
  /** Whether the provider has counted it on this day, if at all. */
  readonly isCertain: boolean;
}

/** A UTC day of a provider in the ledger. */
export interface DayOfLedger {
  /** Attempts whose usage is known, and that the provider has counted on this day without a doubt. */
  readonly settled: Amounts;
  /** The most that the provider can have billed for this day, with all that may belong to the day before. */
  readonly mostNanoUsd: bigint;
  readonly open: readonly OpenAttempt[];
  /** No attempt is so near midnight that the provider may count it on another day. */
  readonly isWhole: boolean;
}

const dayMs = 86_400_000;
/**
 * Margin at both ends of a day, in ms: providers do not document whether they date a call by its beginning or its end, so only attempts
 * settled within the day by this margin certainly belong to it.
 */
const settledMs = 300_000;
/** How long a call whose end is unknown may have continued at the provider, in ms. */
const unknownMs = 3_600_000;

interface Row {
  readonly id: string;
  readonly tenant: string;
  readonly cost: string;
  readonly unresolved: string;
  readonly input: string;
  readonly output: string;
  readonly admitted: number;
  readonly charges: readonly EventCharge[];
}

export async function dayOfLedger(
  { query, schema }: Database,
  provider: string,
  fromMs: number,
): Promise<DayOfLedger> {
  const toMs = fromMs + dayMs;
  const events = sql.id(schema, 'usage_events');
  const [from, to, early, late] = [fromMs, toMs, fromMs - unknownMs, toMs - settledMs].map((ms) =>
    new Date(ms).toISOString(),
  );
  // Each attempt with its corrections, which have its time in their ids. From an hour before the day on.
  const attempts = sql`
    select coalesce(adjusts, event_id) as id, min(tenant) as tenant,
      min(admitted_at) filter (where kind = 'usage') as admitted, min(settled_at) filter (where kind = 'usage') as ended,
      sum(cost_nano_usd) as cost, sum(coalesce(unresolved_nano_usd, 0)) as unresolved,
      sum(input_tokens) as input, sum(output_tokens) as output
    from ${events}
    where provider = ${provider}
      and event_id >= ${lowestId(fromMs - dayMs)}::uuid and event_id < ${lowestId(toMs)}::uuid
    group by 1`;
  const { rows: sums } = await sql<Record<string, string>>`
    with attempts as (${attempts}), certain as (
      select * from attempts
      where unresolved = 0 and admitted >= ${from}::timestamptz and admitted < ${to}::timestamptz and ended <= ${late}::timestamptz)
    select
      (select coalesce(sum(cost), 0)::text from certain) as cost,
      (select coalesce(sum(input), 0)::text from certain) as input,
      (select coalesce(sum(output), 0)::text from certain) as output,
      (select count(*)::text from certain) as count,
      coalesce(sum(cost + unresolved), 0)::text as most,
      (count(*) filter (where unresolved = 0))::text as known,
      (count(*) filter (where unresolved <> 0))::text as open
    from attempts where ended >= ${early}::timestamptz or unresolved <> 0 and admitted >= ${early}::timestamptz`.execute(
    query,
  );
  const { rows } = await sql<Row>`
    with attempts as (${attempts})
    select id::text as id, tenant, cost::text, unresolved::text, input::text, output::text,
      (extract(epoch from admitted) * 1000)::float8 as admitted,
      (select jsonb_agg(charge) from ${events} as e, jsonb_array_elements(e.charges) as charge
        where e.event_id = attempts.id or e.adjusts = attempts.id) as charges
    from attempts
    where unresolved <> 0 and admitted >= ${from}::timestamptz and admitted < ${to}::timestamptz
    order by id`.execute(query);
  const [sum = {}] = sums;
  return {
    settled: {
      costNanoUsd: BigInt(sum.cost ?? 0),
      inputTokens: BigInt(sum.input ?? 0),
      outputTokens: BigInt(sum.output ?? 0),
    },
    mostNanoUsd: BigInt(sum.most ?? 0),
    open: rows.map((row) => openAttempt(row, toMs)),
    isWhole: sum.known === sum.count && Number(sum.open) === rows.length,
  };
}

function openAttempt(row: Row, toMs: number): OpenAttempt {
  const [cost, unresolved, input, output] = [row.cost, row.unresolved, row.input, row.output].map(BigInt) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const charged = (unit: string): bigint => {
    const sums = new Map<string, bigint>();
    for (const { counter, amount } of row.charges ?? []) {
      if (counter.startsWith(`${unit}/`)) sums.set(counter, (sums.get(counter) ?? 0n) + BigInt(amount));
    }
    return [...sums.values()].reduce(larger, 0n);
  };
  const both = charged('tokens');
  return {
    eventId: row.id,
    tenant: row.tenant,
    unresolved,
    estimate: { costNanoUsd: cost, inputTokens: input, outputTokens: output },
    most: {
      costNanoUsd: cost + unresolved,
      inputTokens: [input, charged('inputTokens'), both - output].reduce(larger),
      outputTokens: [output, charged('outputTokens'), both - input].reduce(larger),
    },
    isCertain: row.admitted <= toMs - unknownMs,
  };
}

const larger = (one: bigint, other: bigint): bigint => (one > other ? one : other);
