import { type Estimate, noUsage, type Settlement } from '@tollgate/core/internal';

/** An attempt that was sent and of which nothing has been seen yet: its input is the estimate, all that is held may be billed. */
export function unseenSettlement(estimate: Estimate): Settlement {
  const { inputTokens, outputTokens, costNanoUsd, inputNanoUsd } = estimate;
  const ceiling = { inputTokens, outputTokens, costNanoUsd, upToHold: true };
  return { ...settlementOf(estimate, inputTokens, 0, inputNanoUsd), ceiling };
}

/** The charge for a declared call whose usage is unknown: its highest possible cost. */
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
