import { newId, type UsageEvent } from '@tollgate/core';

/** A usage event as any other, with what a test needs of it. */
export function usageEvent(facts: Partial<UsageEvent> = {}, atMs = Date.UTC(2026, 9, 15, 12)): UsageEvent {
  const time = new Date(atMs).toISOString();
  return {
    eventId: newId(atMs),
    kind: 'usage',
    requestId: newId(atMs),
    callId: newId(atMs),
    attempt: 1,
    admittedAt: time,
    time,
    tenant: 'acme',
    plan: 'pro',
    labels: {},
    provider: 'openai',
    requestedModel: 'gpt-5-mini',
    model: 'gpt-5-mini',
    inputTokens: 100,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 50,
    reasoningTokens: 0,
    costNanoUsd: '125000',
    priceVersion: 'genai-prices@0.1.8',
    source: 'provider',
    uncertain: false,
    overrun: false,
    charges: [{ counter: 'usd/month/tenant=acme', window: '2026-10', amount: 125_000 }],
    status: 200,
    outcome: 'ok',
    stream: false,
    latencyMs: 812,
    ...facts,
  };
}
