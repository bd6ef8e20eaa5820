import { counterOf, type Estimate, type ParsedCall, type QuotaCharge } from '@tollgate/core';
import { demandOf, floorOf } from './amounts.js';
import type { BudgetLimit, Rules } from './rules.js';
import type { Way } from './ways.js';

/** What one limit is asked for, and which limit that is. */
export interface LimitCharge {
  readonly limit: BudgetLimit['limit'];
  readonly charge: QuotaCharge;
}

/**
 * What a way of making a call asks of every limit. Calls that cost nothing ask nothing of money, so that they pass when it is gone;
 * what cannot be refused is counted there all the same.
 */
export function chargesOf(way: Way, { priced, isReport }: ParsedCall, rules: Rules): LimitCharge[] {
  const refusable = rules.enforced && !isReport;
  const costsNothing = !priced || (refusable && way.most.costNanoUsd === 0);
  const { caller, route, req } = rules;
  const charges = rules.limits
    .filter(({ limit }) => !(limit.unit === 'usd' && costsNothing))
    .map(({ limit, movesLadder }): LimitCharge => {
      const want = demandOf(limit.unit, way.most);
      const min = way.least === undefined ? want : demandOf(limit.unit, way.least);
      const charge: QuotaCharge = {
        ...counterOf(limit, { caller, route, req, model: way.model }),
        want,
        min: min < want ? min : undefined,
        onlyBelow: movesLadder ? way.onlyBelow : undefined,
        floor: floorOf(limit.unit, way.most),
      };
      return { limit, charge };
    });
  return tightest(charges);
}

/** What a request without a known call asks: its place among those in flight, and that no cap is used up already. */
export function chargesOfNone(rules: Rules): LimitCharge[] {
  const { caller, route, req } = rules;
  const charges = rules.limits
    .filter(({ limit }) => !limit.scope.includes('model'))
    .map(({ limit }): LimitCharge => {
      const perRequest = limit.unit === 'concurrent' || limit.unit === 'requests';
      return { limit, charge: { ...counterOf(limit, { caller, route, req }), want: perRequest ? 1 : 0 } };
    });
  return tightest(charges);
}

/** Charges with the limits that they are for. */
export function namedCharges(
  charges: readonly QuotaCharge[],
  rules: Rules,
  model: string | undefined,
): LimitCharge[] {
  const { caller, route, req } = rules;
  const limits = rules.limits.filter(({ limit }) => model !== undefined || !limit.scope.includes('model'));
  const named = limits.map(
    ({ limit }) => [counterOf(limit, { caller, route, req, model }).counter, limit] as const,
  );
  const byCounter = new Map(named);
  return charges.flatMap((charge) => {
    const limit = byCounter.get(charge.counter);
    return limit ? [{ limit, charge }] : [];
  });
}

/** The same charges, counted and never refused. */
export function softened(charges: readonly LimitCharge[]): LimitCharge[] {
  return charges.map(({ limit, charge }) => ({
    limit,
    charge: { ...charge, soft: true, min: undefined, onlyBelow: undefined },
  }));
}

/** Two limits on one counter are one charge, by the smaller cap: it must not be counted twice. */
function tightest(charges: readonly LimitCharge[]): LimitCharge[] {
  const byCounter = new Map<string, LimitCharge>();
  for (const one of charges) {
    const other = byCounter.get(one.charge.counter);
    if (!other || one.charge.limit < other.charge.limit) byCounter.set(one.charge.counter, one);
  }
  return byCounter.size === charges.length ? [...charges] : [...byCounter.values()];
}

/** What each charge needs once the call's final estimate is known. */
export function needsOf(
  charges: readonly LimitCharge[],
  estimate: Estimate,
): readonly (readonly [QuotaCharge, number])[] {
  return charges.map(({ charge }) => [charge, demandOf(charge.unit, estimate)] as const);
}
