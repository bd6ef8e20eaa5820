import type { UsageEvent } from '@tollgate/core';
import type { QuotaCounter } from '@tollgate/core/internal';
import { usageEvent } from '@tollgate/testkit';

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

export const usageOf = (eventId: string, cost: number): UsageEvent =>
  usageEvent({ eventId, tenant: 'acme', costNanoUsd: String(cost) });

/** The same with room for many processes at once. */
export const spendOfMany: QuotaCounter = { ...spendOfAll, limit: 50_000_000 };
