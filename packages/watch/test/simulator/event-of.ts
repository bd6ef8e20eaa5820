import type { UsageEvent } from '@tollgate/core';
import type { Happening } from './traffic.js';

/** The settled attempt of a request that was let through. */
export function eventOf(happening: Happening, tenant: { name: string; feature: string }): UsageEvent {
  const { key, model, usd, tokens, print } = happening;
  return {
    eventId: print,
    kind: 'usage',
    requestId: print,
    callId: print,
    attempt: 1,
    admittedAt: '',
    time: '',
    tenant: tenant.name,
    keyId: key,
    plan: 'pro',
    labels: { feature: tenant.feature },
    provider: 'openai',
    requestedModel: model,
    model,
    inputTokens: Math.round(tokens * 0.7),
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    outputTokens: Math.round(tokens * 0.3),
    costNanoUsd: String(Math.round(usd * 1e9)),
    priceVersion: '',
    source: 'provider',
    uncertain: false,
    overrun: false,
    charges: [],
    status: 200,
    outcome: 'ok',
    stream: false,
    latencyMs: 500,
    promptHash: print,
  };
}
