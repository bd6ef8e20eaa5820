import { type ConcurrencyMiddleware, concurrency } from '@tollgate/concurrency';
import type { Plans, QuotaStore } from '@tollgate/core';
import type { GuardOptions } from '@tollgate/core/internal';
import { type RateLimitMiddleware, rateLimit } from '@tollgate/rate-limit';
import type { Stores } from './stores.js';
import type { TollgateOptions } from './tollgate-options.js';

/** How long guards wait for shared counters. */
export function deadline({ deadlineMs }: Stores): { storeDeadlineMs?: number } {
  return deadlineMs === undefined ? {} : { storeDeadlineMs: deadlineMs };
}

/** None where `budget()` counts the plans' requests and there are no others. */
export function rateLimiterOf(
  { rateLimit: more, budget: { requests = false } = {} }: TollgateOptions,
  guard: GuardOptions,
  plans: Plans,
  stores: Stores,
): RateLimitMiddleware | undefined {
  if (requests && more?.limits === undefined) return undefined;
  const shared = { ...deadline(stores), ...(stores.rateLimits && { stores: stores.rateLimits }) };
  return rateLimit({ ...shared, ...more, ...guard, ...(!requests && { plans }) });
}

/** Over all processes where they share their counters. */
export function placesOf(
  { concurrency: more, redis, store: own }: TollgateOptions,
  guard: GuardOptions,
  plans: Plans,
  store: QuotaStore,
): ConcurrencyMiddleware | undefined {
  if (!more) return undefined;
  return concurrency({ ...more, ...guard, plans, ...((redis ?? own) && { store }) });
}
