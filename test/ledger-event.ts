import { newId, type UsageEvent } from '@tollgate/core';

/** A usage event of that moment, as the ledger takes it. */
export function ledgerEvent(tenant: string, atMs: number, tokens: number, costNanoUsd: bigint): UsageEvent {
  const time = new Date(atMs).toISOString();
  return {
    ...{ eventId: newId(atMs), kind: 'usage', requestId: newId(atMs), callId: newId(atMs), attempt: 1 },
    ...{ admittedAt: time, time, tenant, plan: 'pro', labels: {}, provider: 'openai' },
    ...{ requestedModel: 'gpt-5', model: 'gpt-5', inputTokens: tokens, cachedInputTokens: 0 },
    ...{ cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0, costNanoUsd: String(costNanoUsd) },
    ...{ priceVersion: 'v', source: 'provider', uncertain: false, overrun: false, charges: [] },
    ...{ status: 200, outcome: 'ok', stream: false, latencyMs: 1 },
  };
}
