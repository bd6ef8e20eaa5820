import type { Database } from '@tollgate/postgres';

/** What usage can be told apart by, and the column it stands in. */
const columns = {
  tenant: 'tenant',
  team: 'team',
  user: 'user_id',
  key: 'key_id',
  plan: 'plan',
  route: 'route',
  feature: 'feature',
  provider: 'provider',
  model: 'model',
  outcome: 'outcome',
} as const;

export type Dimension = keyof typeof columns;
export const dimensions = Object.freeze(Object.keys(columns)) as readonly Dimension[];

/** What was used by one group. */
export interface UsageLine {
  /** In the order of the dimensions asked for. */
  readonly groups: readonly (string | null)[];
  /** Settled attempts; corrections count in the sums alone. */
  readonly attempts: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costNanoUsd: bigint;
}

/** Sums over a period of the ledger, the dearest first: corrections belong to the time of what they correct. */
export async function usageBy(
  { query }: Database,
  asked: { fromMs: number; toMs: number; by: readonly Dimension[]; tenant?: string | undefined },
): Promise<UsageLine[]> {
  const { fromMs, toMs, by, tenant } = asked;
  const names = by.map((name) => columns[name]);
  let select = query
    .selectFrom('usage_events')
    .select(({ fn }) => [
      ...names,
      fn.count<string>('event_id').filterWhere('kind', '=', 'usage').as('attempts'),
      fn.sum<string>('input_tokens').as('input'),
      fn.sum<string>('output_tokens').as('output'),
      fn.sum<string>('cost_nano_usd').as('cost'),
    ])
    .where('event_id', '>=', firstIdAt(fromMs))
    .where('event_id', '<', firstIdAt(toMs))
    .groupBy(names)
    .orderBy('cost', 'desc');
  if (tenant !== undefined) select = select.where('tenant', '=', tenant);
  const rows = await select.execute();
  return rows.map((row) => ({
    groups: names.map((name) => (row as Record<string, string | null>)[name] ?? null),
    attempts: Number(row.attempts),
    inputTokens: Number(row.input),
    outputTokens: Number(row.output),
    costNanoUsd: BigInt(row.cost),
  }));
}

/** The least UUIDv7 of a moment. */
function firstIdAt(ms: number): string {
  const time = ms.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
}
