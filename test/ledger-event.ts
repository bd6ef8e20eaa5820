import type { UsageEvent } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
import { usageEvent } from '@tollgate/testkit';

/** A usage event of that moment, as the ledger takes it. */
export function ledgerEvent(tenant: string, atMs: number, tokens: number, costNanoUsd: bigint): UsageEvent {
  const time = new Date(atMs).toISOString();
  return usageEvent({
    ...{ eventId: newId(atMs), requestId: newId(atMs), callId: newId(atMs), admittedAt: time, time, tenant },
    ...{ inputTokens: tokens, outputTokens: 0, costNanoUsd: String(costNanoUsd) },
  });
}
