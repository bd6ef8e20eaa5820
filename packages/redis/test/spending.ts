import type { QuotaCounter, UsageEvent } from '@tollgate/core';

export const cap = 2_000;

/** The one budget that all processes spend from. */
export const spend: QuotaCounter = {
  counter: 'usd/month/tenant=acme',
  unit: 'usd',
  limit: cap,
  window: { kind: 'calendar', period: 'month', timeZone: 'UTC', anchorDay: 1 },
  wide: false,
  soft: false,
};

/** The same, for all tenants together. */
export const spendOfAll: QuotaCounter = { ...spend, counter: 'usd/month/global', wide: true };

export const usageOf = (eventId: string, cost: number): UsageEvent => ({
  eventId,
  kind: 'usage',
  requestId: 'request',
  callId: 'call',
  attempt: 1,
  admittedAt: '2026-11-21T12:00:00.000Z',
  time: '2026-11-21T12:00:01.000Z',
  tenant: 'acme',
  plan: 'pro',
  labels: {},
  provider: 'openai',
  requestedModel: 'gpt-5',
  model: 'gpt-5',
  inputTokens: 100,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 50,
  reasoningTokens: 0,
  costNanoUsd: String(cost),
  priceVersion: 'test',
  source: 'provider',
  uncertain: false,
  overrun: false,
  charges: [],
  status: 200,
  outcome: 'ok',
  stream: false,
  latencyMs: 1_000,
});
