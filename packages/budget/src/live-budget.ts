import type { TollgateContext } from '@tollgate/core';
import type { RequestBudget } from './request-budget.js';

const slot = Symbol.for('tollgate.budget.v1');

/** The property of a request's context that holds its budget; under a global symbol, so that two loaded copies share it. */
interface WithBudget {
  [slot]?: RequestBudget;
}

/** The budget that a guard before has opened for this request, if any. */
export function budgetOf(context: TollgateContext & WithBudget): RequestBudget | undefined {
  return context[slot];
}

/** Leaves the request's budget for the guards that follow. */
export function setBudget(context: TollgateContext & WithBudget, budget: RequestBudget): void {
  context[slot] = budget;
}
