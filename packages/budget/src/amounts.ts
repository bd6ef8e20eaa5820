import type { Estimate, Settlement, Unit } from '@tollgate/core';

/** The most that a call takes from a limit of this unit, by its estimate. What cannot be counted exactly is more than any limit. */
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

/** What is charged where nobody sees the attempt's end and no heartbeat said more: its input. */
export function floorOf(unit: Unit, estimate: Estimate): number {
  switch (unit) {
    case 'usd':
      return Math.min(estimate.inputNanoUsd, Number.MAX_SAFE_INTEGER);
    case 'tokens':
    case 'inputTokens':
      return Math.min(estimate.inputTokens, Number.MAX_SAFE_INTEGER);
    case 'requests':
      return 1;
    default:
      return 0;
  }
}

/** What an attempt really took, by its settlement. Requests and concurrency are counted per request, not per attempt. */
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

/** Whether a settlement takes nothing at all: the attempt was free of charge. */
export function isNothing({ usage, costNanoUsd }: Settlement): boolean {
  return costNanoUsd === 0 && usage.inputTokens === 0 && usage.outputTokens === 0;
}
