import { counterOf } from '@tollgate/core';
import type { Estimate, QuotaCharge } from '@tollgate/core/internal';
import type { AdmissionPolicy, BudgetLimit } from './admission-policy.js';
import { demandOf, floorOf } from './amounts.js';
import { admitsBelow, type Candidate } from './candidates.js';

/** The amount requested from one limit. */
export interface LimitCharge {
  readonly limit: BudgetLimit['limit'];
  readonly charge: QuotaCharge;
}

/**
 * The amounts that a candidate requests from every limit. Calls that cost nothing request no money, so that they pass when it is used up;
 * calls that cannot be refused are counted there all the same.
 */
export function chargesOf(
  { model, most, least, onlyBelow, replays }: Candidate,
  priced: boolean,
  policy: AdmissionPolicy,
): LimitCharge[] {
  const costsNothing = !priced || (policy.enforced && most.costNanoUsd === 0);
  const { caller, route, req } = policy;
  const charges: LimitCharge[] = [];
  for (const { limit, movesLadder, definition } of policy.limits) {
    const { unit } = limit;
    if ((unit === 'usd' && costsNothing) || (replays && unit !== 'requests')) continue;
    const want = demandOf(unit, most);
    const min = least === undefined ? want : demandOf(unit, least);
    const { counter, limit: cap, window, wide, soft } = counterOf(limit, { caller, route, req, model });
    const charge = {
      counter,
      unit,
      limit: cap,
      window,
      wide,
      soft,
      definition,
      want,
      min: min < want ? min : undefined,
      onlyBelow: movesLadder ? onlyBelow : undefined,
      floor: floorOf(unit, most),
    };
    charges.push({ limit, charge });
  }
  return tightest(charges);
}

/**
 * The charges of a request without a known call: its permit among those in flight, and the conditions that no cap is used up and the last
 * step of its plan is not reached.
 */
export function chargesOfNone(policy: AdmissionPolicy): LimitCharge[] {
  const below = admitsBelow(policy);
  const charges = policy.limits
    .filter(({ limit }) => !limit.scope.includes('model'))
    .map(({ limit, movesLadder, definition }): LimitCharge => {
      const perRequest = limit.unit === 'concurrent' || limit.unit === 'requests';
      const onlyBelow = movesLadder ? below : undefined;
      return {
        limit,
        charge: { ...counterOf(limit, policy), definition, want: perRequest ? 1 : 0, onlyBelow },
      };
    });
  return tightest(charges);
}

/** Charges with the limits that they are for. */
export function namedCharges(
  charges: readonly QuotaCharge[],
  policy: AdmissionPolicy,
  model: string | undefined,
): LimitCharge[] {
  const limits = policy.limits.filter(({ limit }) => model !== undefined || !limit.scope.includes('model'));
  const named = limits.map(({ limit }) => [counterOf(limit, { ...policy, model }).counter, limit] as const);
  const byCounter = new Map(named);
  return charges.flatMap((charge) => {
    const limit = byCounter.get(charge.counter);
    return limit ? [{ limit, charge }] : [];
  });
}

/** The charges, as a store takes them. */
export const chargesIn = (charges: readonly LimitCharge[]): QuotaCharge[] =>
  charges.map(({ charge }) => charge);

/** The same charges, counted and never refused. */
export function softened(charges: readonly LimitCharge[]): LimitCharge[] {
  return charges.map(({ limit, charge }) => ({
    limit,
    charge: { ...charge, soft: true, min: undefined, onlyBelow: undefined },
  }));
}

/** Two limits on one counter are one charge, by the smaller cap: it must not be counted twice. */
function tightest(charges: LimitCharge[]): LimitCharge[] {
  const isTwin = ({ charge }: LimitCharge, index: number): boolean =>
    charges.findIndex((other) => other.charge.counter === charge.counter) < index;
  if (!charges.some(isTwin)) return charges;
  const byCounter = new Map<string, LimitCharge>();
  for (const one of charges) {
    const other = byCounter.get(one.charge.counter);
    if (!other || one.charge.limit < other.charge.limit) byCounter.set(one.charge.counter, one);
  }
  return [...byCounter.values()];
}

/** The amount of each charge for the call's final estimate. */
export function needsOf(
  charges: readonly LimitCharge[],
  estimate: Estimate,
): readonly (readonly [QuotaCharge, number])[] {
  return charges.map(({ charge }) => [charge, demandOf(charge.unit, estimate)] as const);
}
