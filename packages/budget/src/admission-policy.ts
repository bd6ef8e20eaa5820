import type { Caller, Limit, Plan } from '@tollgate/core';
import { definitionOf, type RequestRate } from '@tollgate/core/internal';
import type { Request } from 'express';

/** A limit that a budget counts, and whether it moves the plan's degradation ladder. */
export interface BudgetLimit {
  readonly limit: Limit;
  /** One of the plan's caps: the ladder's shares are shares of it. */
  readonly movesLadder: boolean;
  /** Its counters' definition, where every call of its scope is counted: not for the limits of one route. */
  readonly definition?: string | undefined;
}

/** Everything a request's calls are admitted by. */
export interface AdmissionPolicy {
  readonly caller: Caller;
  readonly plan: Plan | undefined;
  readonly limits: readonly BudgetLimit[];
  readonly req: Request | undefined;
  readonly route: string | undefined;
  readonly fit: boolean;
  readonly minOutputTokens: number;
  /** It is done later where its plan defers such requests. */
  readonly mayWait: boolean;
  /** `false` in shadow mode, and for calls that were made already: nothing is changed or refused, everything is counted. */
  readonly enforced: boolean;
}

/** The limits of a plan as a budget counts them; `requests` only where `withRequests` is set. */
export function limitsOfPlan(plan: Pick<Plan, 'limits' | 'requests'>, withRequests: boolean): BudgetLimit[] {
  const limits = plan.limits.map((limit) => ({
    limit,
    definition: definitionOf(limit),
    movesLadder: limit.unit !== 'concurrent' && !limit.soft,
  }));
  const rates = withRequests ? plan.requests.map(bucketOf) : [];
  return [
    ...limits,
    ...rates.map((limit) => ({ limit, definition: definitionOf(limit), movesLadder: false })),
  ];
}

/** A rate of requests as a bucket: at once its burst (or all of it), refilled steadily. */
function bucketOf({ name, amount, windowMs, burst, scope }: RequestRate): Limit {
  const capacity = burst ?? amount;
  const window = { kind: 'bucket', rate: amount, periodMs: windowMs, burst: capacity } as const;
  return { name, unit: 'requests', amount: capacity, window, scope, soft: false };
}
