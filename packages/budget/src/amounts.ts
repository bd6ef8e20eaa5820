import type { Estimate, Settlement, Unit, UsageCeiling } from '@tollgate/core/internal';

/** The most that a call takes from a limit of this unit, by its estimate. An amount too large to count exactly counts as more than any limit. */
export function demandOf(unit: Unit, estimate: Estimate): number {
  const demand = exactDemandOf(unit, estimate);
  return Number.isSafeInteger(demand) ? demand : Number.MAX_SAFE_INTEGER;
}

function exactDemandOf(unit: Unit, estimate: Estimate): number {
  switch (unit) {
    case 'usd':
      return estimate.costNanoUsd;
    case 'tokens':
      return estimate.inputTokens + estimate.outputTokens;
    case 'inputTokens':
      return estimate.inputTokens;
    case 'outputTokens':
      return estimate.outputTokens;
    default:
      return 1;
  }
}

/** The charge for an attempt whose end is not seen: its highest possible cost. The number in flight ends with the lease. */
export function floorOf(unit: Unit, estimate: Estimate): number {
  return unit === 'concurrent' ? 0 : demandOf(unit, estimate);
}

/** The amount that an attempt used, from its settlement. Requests and concurrency are counted per request, not per attempt. */
export function spentOf(unit: Unit, { usage, costNanoUsd }: Settlement): number {
  switch (unit) {
    case 'usd':
      return costNanoUsd;
    case 'tokens':
      return usage.inputTokens + usage.outputTokens;
    case 'inputTokens':
      return usage.inputTokens;
    case 'outputTokens':
      return usage.outputTokens;
    default:
      return 0;
  }
}

/**
 * The charge for an attempt whose end is unknown: the ceiling of its usage, or where there is none, the whole amount held for it. Counters
 * are upper bounds of the provider's bill.
 */
export function chargeOf(unit: Unit, settlement: Settlement, held: number): number {
  const { ceiling } = settlement;
  const spent = spentOf(unit, settlement);
  if (!ceiling) return spent;
  const most = Math.max(spent, ceilingOf(unit, ceiling));
  return ceiling.upToHold ? Math.max(most, held) : most;
}

function ceilingOf(unit: Unit, ceiling: UsageCeiling): number {
  switch (unit) {
    case 'usd':
      return ceiling.costNanoUsd;
    case 'tokens':
      return ceiling.inputTokens + ceiling.outputTokens;
    case 'inputTokens':
      return ceiling.inputTokens;
    case 'outputTokens':
      return ceiling.outputTokens;
    default:
      return 0;
  }
}

/** Whether a settlement takes nothing at all: the attempt was free of charge. */
export function isNothing({ usage, costNanoUsd, ceiling }: Settlement): boolean {
  return ceiling === undefined && costNanoUsd === 0 && usage.inputTokens === 0 && usage.outputTokens === 0;
}
