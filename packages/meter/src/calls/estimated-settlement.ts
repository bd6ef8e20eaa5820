import { type Estimate, noUsage, type Settlement } from '@tollgate/core';

/** What an attempt costs at least once it was sent: its input. */
export function inputSettlement(estimate: Estimate): Settlement {
  return settlementOf(estimate, estimate.inputTokens, 0, estimate.inputNanoUsd);
}

/** What a declared call is charged of which nobody said what it used: all that it could cost. */
export function wholeSettlement(estimate: Estimate): Settlement {
  return settlementOf(estimate, estimate.inputTokens, estimate.outputTokens, estimate.costNanoUsd);
}

function settlementOf(
  estimate: Estimate,
  inputTokens: number,
  outputTokens: number,
  costNanoUsd: number,
): Settlement {
  const usage = { ...noUsage, inputTokens, outputTokens, source: 'estimated' as const };
  return { usage, costNanoUsd, priceVersion: estimate.priceVersion, uncertain: true };
}
