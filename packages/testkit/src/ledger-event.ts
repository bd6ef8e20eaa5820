import type { UsageEvent } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
import { usageEvent as quotaEvent } from './quota-fixture.js';

/** A usage event as any other, with what a test needs of it. */
export function usageEvent(facts: Partial<UsageEvent> = {}, atMs = Date.UTC(2026, 9, 15, 12)): UsageEvent {
  const time = new Date(atMs).toISOString();
  return quotaEvent({
    ...{ eventId: newId(atMs), requestId: newId(atMs), callId: newId(atMs), admittedAt: time, time },
    ...{ tenant: 'acme', requestedModel: 'gpt-5-mini', model: 'gpt-5-mini', costNanoUsd: '125000' },
    ...{ priceVersion: 'genai-prices@0.1.8', latencyMs: 812 },
    charges: [{ counter: 'usd/month/tenant=acme', window: '2026-10', amount: 125_000 }],
    ...facts,
  });
}
