import { accepts, checkOptions, describeValue } from '@tollgate/core/internal';
import type { Database } from '@tollgate/postgres';
import { sql } from 'kysely';
import { type CheckedQuery, checkQuery, type UsageQuery } from '../reports/usage-query.js';
import { usageReport } from '../reports/usage-report.js';
import { conditionsOf, periodOfEvents } from '../reports/usage-rows.js';
import type { Pricing } from './pricing.js';
import { eachRecorded } from './recorded-usage.js';

/** What advice is asked for. */
export interface AdviceQuery extends Pick<UsageQuery, 'from' | 'to' | 'where'> {
  /** Which model might do the work of which: `{ 'gpt-5': 'gpt-5-mini' }`. Needs `price`. @defaultValue {} */
  cheaper?: Readonly<Record<string, string>>;
  /** Prices of the cheaper models, e.g. `pricing(priceCatalogue())`. */
  price?: Pricing;
  /** Lines of each kind at most, 1 to 10 000. @defaultValue 20 */
  limit?: number;
}

/** A prompt that was answered several times: kept answers would have saved money. Money in nano-dollars as decimal strings. */
export interface RepeatedPrompt {
  readonly tenant: string;
  readonly route: string | null;
  readonly model: string;
  readonly promptHash: string;
  readonly calls: number;
  readonly costNanoUsd: string;
  /** All but the dearest of its answers. */
  readonly repeatedNanoUsd: string;
}

/** How much of a route's input was read from the provider's prompt cache, which costs a fraction. */
export interface CachedInput {
  readonly route: string | null;
  readonly provider: string;
  readonly model: string;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  /** 0 to 1. */
  readonly cachedShare: number;
}

/** What a route would have cost with a cheaper model: a hypothesis. Whether its answers would do, the ledger cannot know. */
export interface CheaperModel {
  readonly isHypothesis: true;
  readonly route: string | null;
  readonly model: string;
  readonly instead: string;
  readonly attempts: number;
  readonly costNanoUsd: string;
  readonly wouldCostNanoUsd: string;
  readonly savedNanoUsd: string;
}

export interface Advice {
  /** What is saved most first. Empty unless `meter({ promptHashSecret })` hashes prompts. */
  readonly repeatedPrompts: readonly RepeatedPrompt[];
  /** The most input that was not cached first. */
  readonly cachedInput: readonly CachedInput[];
  readonly cheaperModels: readonly CheaperModel[];
}

/** Where money might be saved in a period. Throws a `TypeError` for a wrong query. */
export async function advice(database: Database, query: AdviceQuery): Promise<Advice> {
  checkOptions<AdviceQuery>(
    'advice',
    query,
    {
      ...{ from: accepts.anything, to: accepts.anything, where: accepts.object, price: accepts.function },
      ...{ cheaper: modelsByModel, limit: accepts.integerBetween(1, 10_000) },
    },
    ['from', 'to'],
  );
  const { from, to, where = {}, cheaper = {}, price, limit = 20 } = query;
  if (Object.keys(cheaper).length > 0 && !price) throw new TypeError('advice: "cheaper" needs "price"');
  const asked = { ...checkQuery('advice', { from, to, where }), limit };
  await database.ready();
  return {
    repeatedPrompts: await repeatedPrompts(database, asked),
    cachedInput: await cachedInput(database, asked),
    cheaperModels: price ? (await cheaperModels(database, asked, cheaper, price)).slice(0, limit) : [],
  };
}

function modelsByModel(value: unknown): true | string {
  const models = Object.values(Object(value));
  if (accepts.object(value) === true && models.every((model) => accepts.string(model) === true)) return true;
  return `an object of model names by model name${models.length > 0 ? `, not ${describeValue(models[0])}` : ''}`;
}

async function repeatedPrompts({ query, schema }: Database, asked: CheckedQuery): Promise<RepeatedPrompt[]> {
  const { rows } = await sql<RepeatedPrompt>`
    select tenant, route, model, more ->> 'promptHash' as "promptHash", count(*)::integer as calls,
      sum(cost_nano_usd)::text as "costNanoUsd", (sum(cost_nano_usd) - max(cost_nano_usd))::text as "repeatedNanoUsd"
    from ${sql.id(schema, 'usage_events')}
    where ${periodOfEvents(asked)} and ${conditionsOf(asked)} and kind = 'usage' and outcome = 'ok' and more ? 'promptHash'
    group by 1, 2, 3, 4 having count(*) > 1
    order by sum(cost_nano_usd) - max(cost_nano_usd) desc limit ${sql.lit(asked.limit)}`.execute(query);
  return rows;
}

async function cachedInput(database: Database, asked: CheckedQuery): Promise<CachedInput[]> {
  const sums = await usageReport(database, { ...asked, by: ['route', 'provider', 'model'], limit: 10_000 });
  const uncached = (one: CachedInput): number => one.inputTokens - one.cachedInputTokens;
  return sums
    .filter(({ inputTokens }) => inputTokens > 0)
    .map(({ by, inputTokens, cachedInputTokens }) => ({
      ...{ route: by.route ?? null, provider: by.provider ?? '', model: by.model ?? '' },
      ...{ inputTokens, cachedInputTokens, cachedShare: cachedInputTokens / inputTokens },
    }))
    .sort((one, other) => uncached(other) - uncached(one))
    .slice(0, asked.limit);
}

async function cheaperModels(
  database: Database,
  asked: CheckedQuery,
  cheaper: Readonly<Record<string, string>>,
  price: Pricing,
): Promise<CheaperModel[]> {
  const sums = new Map<
    string,
    { route: string | null; model: string; instead: string; attempts: number; cost: bigint; would: bigint }
  >();
  await eachRecorded(database, asked, ({ model, provider, route = null, usage, costNanoUsd, admittedMs }) => {
    const instead = Object.hasOwn(cheaper, model) ? cheaper[model] : undefined;
    const found =
      instead === undefined || costNanoUsd === 0n
        ? undefined
        : price(usage, { provider, model: instead, atMs: admittedMs });
    if (instead === undefined || !found) return;
    const key = JSON.stringify([route, model]);
    const sum = sums.get(key) ?? { route, model, instead, attempts: 0, cost: 0n, would: 0n };
    sums.set(key, sum);
    sum.attempts += 1;
    sum.cost += costNanoUsd;
    sum.would += BigInt(found.costNanoUsd);
  });
  return [...sums.values()]
    .sort((one, other) => Number(other.cost - other.would - (one.cost - one.would)))
    .map(({ cost, would, ...rest }) => ({
      ...{ isHypothesis: true, ...rest, costNanoUsd: String(cost) },
      ...{ wouldCostNanoUsd: String(would), savedNanoUsd: String(cost - would) },
    }));
}
