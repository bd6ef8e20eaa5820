import type { Plan, Plans } from '@tollgate/core';
import { accepts, acceptsPlans, checkOptions, describeValue } from '@tollgate/core/internal';
import type { Database } from '@tollgate/postgres';
import { checkQuery, type UsageQuery } from '../reports/usage-query.js';
import type { Pricing } from './pricing.js';
import { eachRecorded, type RecordedUsage } from './recorded-usage.js';
import { Replay, type Verdict } from './replay.js';

/** Dimensions by which the rows of a simulation can be grouped. */
export type SimulatedFacet =
  | 'tenant'
  | 'team'
  | 'user'
  | 'key'
  | 'plan'
  | 'route'
  | 'feature'
  | 'provider'
  | 'requestedModel'
  | 'model';

/** Selects the usage to replay, and the plans, prices, or both to replay it with. */
export interface SimulationQuery extends Pick<UsageQuery, 'from' | 'to' | 'where'> {
  /** Plans by name, from `definePlans`. A recorded plan that is not among them limits nothing. */
  plans?: Plans;
  /** The name of the plan to use for an attempt. @defaultValue the plan that was recorded */
  planOf?: (recorded: RecordedUsage) => string;
  /** Another price catalogue, e.g. `pricing(priceCatalogue({ prices }))`. Needed where a plan degrades. @defaultValue the recorded costs */
  price?: Pricing;
  /** The dimensions of each row. @defaultValue ['tenant'] */
  by?: readonly SimulatedFacet[];
}

/** The simulated outcome of usage. Money in nano-dollars as decimal strings. */
export interface SimulatedSum {
  readonly by: Readonly<Record<string, string | null>>;
  readonly requests: number;
  /** Requests with at least one refused call: the first, or a later one. */
  readonly refusedRequests: number;
  readonly attempts: number;
  readonly refusedAttempts: number;
  /** Admitted with another model, or a shorter answer. */
  readonly degradedAttempts: number;
  /** As recorded. */
  readonly costNanoUsd: string;
  readonly simulatedNanoUsd: string;
  /** Recorded less simulated: negative where it would have cost more. */
  readonly savedNanoUsd: string;
}

/** Why requests would have been refused: the name of a limit of a plan, or `model_not_allowed`. */
export interface RefusalReason {
  readonly plan: string;
  readonly limit: string;
  readonly requests: number;
}

export interface Simulation {
  readonly total: SimulatedSum;
  /** By the query's dimensions, the largest saving first. */
  readonly rows: readonly SimulatedSum[];
  /** The most frequent first. */
  readonly refusals: readonly RefusalReason[];
}

const facets = [
  'tenant',
  'team',
  'user',
  'key',
  'plan',
  'route',
  'feature',
  'provider',
  'requestedModel',
  'model',
];

/**
 * Replays a period of the ledger, in the order of admission, against other plans or prices, with the quota engine that budgets use. Each
 * attempt reserves its recorded usage: budgets, which reserve the worst case, refuse a little earlier near a cap. Counters begin at zero at
 * `from`. Rates of requests are counted as buckets, `concurrent` counts calls, and overrides of single tenants are not applied. Throws a
 * `TypeError` for a wrong query.
 */
export async function simulate(database: Database, query: SimulationQuery): Promise<Simulation> {
  checkOptions<SimulationQuery>('simulate', query, checks, ['from', 'to']);
  const { from, to, where = {}, plans, planOf = ({ plan }) => plan, price, by = ['tenant'] } = query;
  const asked = checkQuery('simulate', { from, to, where });
  if (!plans && !price)
    throw new TypeError('simulate: "plans" or "price" is required: there is nothing to compare with');
  checkPlans(plans ?? {}, price !== undefined);
  const total = new WindowCounter({});
  const tallies = new Map<string, WindowCounter>();
  const refusals = new Map<string, RefusalReason>();
  const replay = new Replay(price);
  await eachRecorded(database, asked, (recorded) => {
    const name = planOf(recorded);
    const verdict = replay.admit(recorded, (plans && Object.hasOwn(plans, name) && plans[name]) || unlimited);
    const values = Object.fromEntries(by.map((facet) => [facet, recorded[facet] ?? null]));
    const key = JSON.stringify(Object.values(values));
    const tally = tallies.get(key) ?? new WindowCounter(values);
    tallies.set(key, tally);
    for (const one of [total, tally]) one.add(recorded, verdict);
    if (verdict.refusedBy === undefined || verdict.isRepeated) return;
    const reason = JSON.stringify([name, verdict.refusedBy]);
    const requests = (refusals.get(reason)?.requests ?? 0) + 1;
    refusals.set(reason, { plan: name, limit: verdict.refusedBy, requests });
  });
  const saved = ({ savedNanoUsd }: SimulatedSum): number => Number(savedNanoUsd);
  return {
    total: total.sum,
    rows: [...tallies.values()].map(({ sum }) => sum).sort((one, other) => saved(other) - saved(one)),
    refusals: [...refusals.values()].sort((one, other) => other.requests - one.requests),
  };
}

const checks = {
  ...{ from: accepts.anything, to: accepts.anything, where: accepts.object, plans: acceptsPlans },
  ...{ planOf: accepts.function, price: accepts.function },
  by: accepts.arrayOf(accepts.oneOf(...facets)),
};

const unlimited: Plan = Object.freeze({
  name: '',
  requests: [],
  limits: [],
  priority: 0,
  criticality: 'normal',
  degrade: [],
});

/** Refuses plans with limits that the ledger has no data for. */
function checkPlans(plans: Plans, isPriced: boolean): void {
  for (const { name, limits, requests, degrade } of Object.values(plans)) {
    const custom = [...limits, ...requests].find(({ scope }) =>
      scope.some((part) => typeof part !== 'string'),
    );
    if (custom) {
      throw new TypeError(
        `simulate: limit "${custom.name}" of plan ${describeValue(name)} is by a scope of the app's own, which the ledger does not know`,
      );
    }
    if (degrade.length > 0 && !isPriced) {
      throw new TypeError(
        `simulate: plan ${describeValue(name)} has degrade steps; "price" is required to calculate their costs`,
      );
    }
  }
}

class WindowCounter {
  readonly #counts = {
    requests: 0,
    refusedRequests: 0,
    attempts: 0,
    refusedAttempts: 0,
    degradedAttempts: 0,
  };
  #cost = 0n;
  #simulated = 0n;

  constructor(private readonly by: SimulatedSum['by']) {}

  get sum(): SimulatedSum {
    return {
      by: this.by,
      ...this.#counts,
      costNanoUsd: String(this.#cost),
      simulatedNanoUsd: String(this.#simulated),
      savedNanoUsd: String(this.#cost - this.#simulated),
    };
  }

  add(recorded: RecordedUsage, { isFirst, refusedBy, isRepeated, isDegraded, costNanoUsd }: Verdict): void {
    this.#counts.attempts += 1;
    this.#counts.requests += Number(isFirst);
    this.#counts.refusedAttempts += Number(refusedBy !== undefined);
    this.#counts.refusedRequests += Number(refusedBy !== undefined && !isRepeated);
    this.#counts.degradedAttempts += Number(isDegraded === true);
    this.#cost += recorded.costNanoUsd;
    this.#simulated += costNanoUsd;
  }
}
