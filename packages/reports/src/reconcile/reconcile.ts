import type { Database } from '@tollgate/postgres';
import { lowestId } from '@tollgate/postgres/internal';
import { sql } from 'kysely';
import { type ProviderExport, type ProviderFigures, readProviderExport } from './provider-export.js';

/** One figure on both sides. Tokens as numbers, money in nano-dollars as decimal strings. */
export interface Compared<Figure> {
  readonly ledger: Figure;
  readonly provider: Figure;
}

/** A day of a model in the ledger and in the provider's export. Figures missing in the export are absent. */
export interface ReconcileLine {
  /** UTC. */
  readonly day: string;
  /** `null`: all models together, where the export does not separate them. */
  readonly model: string | null;
  readonly inputTokens?: Compared<number>;
  readonly cachedInputTokens?: Compared<number>;
  readonly outputTokens?: Compared<number>;
  readonly costNanoUsd?: Compared<string>;
  /** The part of the ledger's cost that no provider has confirmed: estimated, or of attempts whose end was not seen. Explains a difference. */
  readonly unconfirmedNanoUsd: string;
  readonly agrees: boolean;
}

interface Sums {
  readonly inputTokens: bigint;
  readonly cachedInputTokens: bigint;
  readonly outputTokens: bigint;
  readonly costNanoUsd: bigint;
  readonly unconfirmedNanoUsd: bigint;
}

/**
 * Compares the ledger with pages of a provider's usage or costs, by day and model. An attempt near midnight may be a day later there. Usage
 * and costs are separate lines. Throws a `TypeError` for pages that are no such export.
 */
export async function reconcile(database: Database, pages: readonly unknown[]): Promise<ReconcileLine[]> {
  const told = readProviderExport(pages);
  await database.ready();
  const costs = told.figures.filter(({ costNanoUsd }) => costNanoUsd !== undefined);
  const usage = told.figures.filter(({ costNanoUsd }) => costNanoUsd === undefined);
  const kinds = costs.length > 0 && usage.length > 0 ? [usage, costs] : [told.figures];
  const lines: ReconcileLine[] = [];
  for (const figures of kinds) lines.push(...(await compare(database, { ...told, figures })));
  return lines;
}

async function compare(database: Database, told: ProviderExport): Promise<ReconcileLine[]> {
  const byModel = told.figures.some(({ model }) => model !== undefined);
  const ours = await ledgerSums(database, told, byModel);
  const theirs = new Map<string, ProviderFigures[]>();
  for (const one of told.figures) {
    const key = keyOf(one.day, byModel ? (one.model ?? null) : null);
    theirs.set(key, [...(theirs.get(key) ?? []), one]);
  }
  const shape = shapeOf(told.figures);
  const keys = [...new Set([...ours.keys(), ...theirs.keys()])].sort();
  return keys.map((key) => compared(key, ours.get(key) ?? none, theirs.get(key) ?? [], shape));
}

type Shape = readonly (keyof ProviderFigures & keyof Sums)[];

const figures: Shape = ['inputTokens', 'cachedInputTokens', 'outputTokens', 'costNanoUsd'];

/** The figures that the export contains: the rest is not compared. */
function shapeOf(told: readonly ProviderFigures[]): Shape {
  return figures.filter((name) => told.some((one) => one[name] !== undefined));
}

const none: Sums = {
  inputTokens: 0n,
  cachedInputTokens: 0n,
  outputTokens: 0n,
  costNanoUsd: 0n,
  unconfirmedNanoUsd: 0n,
};

function compared(key: string, ours: Sums, theirs: readonly ProviderFigures[], shape: Shape): ReconcileLine {
  const [day, model] = JSON.parse(key) as [string, string | null];
  const pairs = shape.map((name) => {
    const provider = theirs.reduce((sum, one) => sum + BigInt(one[name] ?? 0), 0n);
    return { name, ledger: ours[name], provider };
  });
  const shown = (name: string, amount: bigint): number | string =>
    name === 'costNanoUsd' ? String(amount) : Number(amount);
  return {
    day,
    model,
    ...Object.fromEntries(
      pairs.map(({ name, ledger, provider }) => [
        name,
        { ledger: shown(name, ledger), provider: shown(name, provider) },
      ]),
    ),
    unconfirmedNanoUsd: String(ours.unconfirmedNanoUsd),
    agrees: pairs.every(({ ledger, provider }) => ledger === provider),
  };
}

function keyOf(day: string, model: string | null): string {
  return JSON.stringify([day, model]);
}

async function ledgerSums(
  { query, schema }: Database,
  { provider, fromMs, toMs }: ProviderExport,
  byModel: boolean,
): Promise<Map<string, Sums>> {
  const model = byModel ? sql`model` : sql`null::text`;
  const { rows } = await sql<Record<string, string | null>>`
    select to_char(at at time zone 'UTC', 'YYYY-MM-DD') as day, ${model} as model,
      sum(input_tokens)::text as input, sum(cached_input_tokens)::text as cached,
      sum(output_tokens)::text as output, sum(cost_nano_usd)::text as cost,
      coalesce(sum(cost_nano_usd) filter (where source = 'estimated' or uncertain), 0)::text as unconfirmed
    from ${sql.id(schema, 'usage_events')}
    where provider = ${provider} and event_id >= ${lowestId(fromMs)}::uuid and event_id < ${lowestId(toMs)}::uuid
    group by 1, 2`.execute(query);
  return new Map(
    rows.map((row) => [
      keyOf(row.day ?? '', row.model ?? null),
      {
        inputTokens: BigInt(row.input ?? 0),
        cachedInputTokens: BigInt(row.cached ?? 0),
        outputTokens: BigInt(row.output ?? 0),
        costNanoUsd: BigInt(row.cost ?? 0),
        unconfirmedNanoUsd: BigInt(row.unconfirmed ?? 0),
      },
    ]),
  );
}
