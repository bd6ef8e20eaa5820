import type { UsageEvent } from '@tollgate/core';
import type { Happening } from './traffic.js';

/** The settled attempt of a request that was let through. */
export function eventOf(happening: Happening, tenant: { name: string; feature: string }): UsageEvent {
  const { key, model, usd, tokens, outputTokens, print, failed } = happening;
  return {
    ...{
      eventId: print,
      kind: 'usage',
      requestId: print,
      callId: print,
      attempt: 1,
      admittedAt: '',
      time: '',
    },
    ...{ tenant: tenant.name, keyId: key, plan: 'pro', labels: { feature: tenant.feature } },
    ...{ provider: 'openai', requestedModel: model, model },
    inputTokens: tokens - outputTokens,
    ...{ cachedInputTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
    outputTokens,
    costNanoUsd: String(Math.round(usd * 1e9)),
    ...{ priceVersion: '', source: 'provider', uncertain: false, overrun: false, charges: [] },
    ...{ status: failed ? 500 : 200, outcome: failed ? 'error' : 'ok', stream: false, latencyMs: 500 },
    promptHash: print,
  };
}
