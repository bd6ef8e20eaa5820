import type { UsageEvent } from '@tollgate/core';
import { accepts, adjustmentId, checkOptions } from '@tollgate/core/internal';
import type { Database } from '@tollgate/postgres';
import { EventWriter } from '@tollgate/postgres/internal';
import { sql } from 'kysely';
import { type CheckedQuery, checkQuery, type UsageQuery } from '../reports/usage-query.js';
import { periodOfEvents } from '../reports/usage-rows.js';
import { type Pricing, priced } from './pricing.js';
import { eachRecorded, type RecordedUsage } from './recorded-usage.js';

/** Selects the usage to price again. */
export interface RepriceQuery extends Pick<UsageQuery, 'from' | 'to' | 'where'> {
  /** The other catalogue, e.g. `pricing(priceCatalogue({ prices }))`. */
  price: Pricing;
  /**
   * Writes the differences as correcting rows. Charges to limits stay: budgets keep their counts. A second run changes nothing more.
   * @defaultValue false
   */
  apply?: boolean;
  /** The clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/** A model's usage under both prices. Money in nano-dollars as decimal strings. */
export interface RepricedModel {
  readonly provider: string;
  readonly model: string;
  readonly attempts: number;
  /** Attempts that the other catalogue has no price for; they keep their cost. */
  readonly unpricedAttempts: number;
  /** As recorded, earlier corrections counted in. */
  readonly costNanoUsd: string;
  readonly repricedNanoUsd: string;
  /** Repriced less recorded. */
  readonly differenceNanoUsd: string;
  /** Attempts that were corrected, where that was asked for. */
  readonly correctedAttempts: number;
}

/**
 * The cost of a period under another price catalogue, by model, the largest difference first; on demand corrects the ledger to it, by rows
 * whose ids are derived from the rows that they correct. Throws a `TypeError` for a wrong query.
 */
export async function reprice(database: Database, query: RepriceQuery): Promise<RepricedModel[]> {
  checkOptions<RepriceQuery>(
    'reprice',
    query,
    {
      ...{ from: accepts.anything, to: accepts.anything, where: accepts.object },
      ...{ price: accepts.function, apply: accepts.boolean, now: accepts.function },
    },
    ['from', 'to', 'price'],
  );
  const { from, to, where = {}, price, apply = false, now = Date.now } = query;
  const models = new Map<string, Repriced>();
  const asked = checkQuery('reprice', { from, to, where });
  const writer = new EventWriter(database);
  for (const day of await daysOf(database, asked)) {
    const corrections: UsageEvent[] = [];
    await eachRecorded(database, day, (recorded) => {
      const { provider, model, costNanoUsd } = recorded;
      const key = JSON.stringify([provider, model]);
      const sum = models.get(key) ?? newSum(provider, model);
      models.set(key, sum);
      const found = priced(price, recorded);
      const repriced = found ? BigInt(found.costNanoUsd) : costNanoUsd;
      sum.attempts += 1;
      sum.unpriced += Number(!found);
      sum.cost += costNanoUsd;
      sum.repriced += repriced;
      if (!apply || !found || repriced === costNanoUsd) return;
      sum.corrected += 1;
      corrections.push(correctionOf(recorded, repriced - costNanoUsd, found.priceVersion, now()));
    });
    const { refused } = await writer.writeAll(corrections);
    if (refused.length > 0)
      throw new Error(`reprice: ${refused.length} corrections could not be stored as rows of the ledger`);
  }
  return [...models.values()].sort(byDifference).map(shown);
}

const dayMs = 86_400_000;

/** The days of a query that have events: a correction belongs to the day of the event it corrects, and one day's events are in memory at once. */
async function daysOf(database: Database, asked: CheckedQuery): Promise<CheckedQuery[]> {
  await database.ready();
  const { rows } = await sql<{ first: Date | null; last: Date | null }>`
    select min(at) as first, max(at) as last from ${sql.id(database.schema, 'usage_events')}
    where ${periodOfEvents(asked)}`.execute(database.query);
  const { first = null, last = null } = rows[0] ?? {};
  const days: CheckedQuery[] = [];
  if (first === null || last === null) return days;
  for (let fromMs = Math.max(asked.fromMs, first.getTime()); fromMs <= last.getTime(); ) {
    const toMs = Math.min(asked.toMs, (Math.floor(fromMs / dayMs) + 1) * dayMs);
    days.push({ ...asked, fromMs, toMs });
    fromMs = toMs;
  }
  return days;
}

function newSum(provider: string, model: string): Repriced {
  return { provider, model, attempts: 0, unpriced: 0, cost: 0n, repriced: 0n, corrected: 0 };
}

interface Repriced {
  readonly provider: string;
  readonly model: string;
  attempts: number;
  unpriced: number;
  cost: bigint;
  repriced: bigint;
  corrected: number;
}

function byDifference(one: Repriced, other: Repriced): number {
  const size = ({ cost, repriced }: Repriced): number => Math.abs(Number(repriced - cost));
  return size(other) - size(one);
}

function shown({ provider, model, attempts, unpriced, cost, repriced, corrected }: Repriced): RepricedModel {
  return {
    ...{ provider, model, attempts, unpricedAttempts: unpriced, costNanoUsd: String(cost) },
    ...{
      repricedNanoUsd: String(repriced),
      differenceNanoUsd: String(repriced - cost),
      correctedAttempts: corrected,
    },
  };
}

/** Its id follows from the event and how often it was corrected before: two who correct at once write one row. */
function correctionOf(
  recorded: RecordedUsage,
  difference: bigint,
  priceVersion: string,
  nowMs: number,
): UsageEvent {
  const { eventId, requestId, tenant, team, user, key, plan, route, provider, requestedModel, model } =
    recorded;
  return {
    eventId: adjustmentId(eventId, `reprice ${recorded.corrections}`),
    ...{
      kind: 'adjustment',
      adjusts: eventId,
      requestId,
      callId: recorded.callId,
      attempt: recorded.attempt,
    },
    ...{ admittedAt: new Date(recorded.admittedMs).toISOString(), time: new Date(nowMs).toISOString() },
    ...{
      tenant,
      team,
      user,
      keyId: key,
      plan,
      route,
      labels: recorded.labels,
      provider,
      requestedModel,
      model,
    },
    ...{ inputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 },
    ...{
      tier: recorded.usage.tier,
      costNanoUsd: String(difference),
      priceVersion,
      source: recorded.usage.source,
    },
    ...{ uncertain: recorded.uncertain, overrun: false, charges: [], status: recorded.status },
    ...{ outcome: recorded.outcome, stream: recorded.stream, latencyMs: 0 },
  };
}
