import { type CacheMiddleware, cache } from '@tollgate/cache';
import type { CacheStore, Plans } from '@tollgate/core';
import type { GuardOptions } from '@tollgate/core/internal';
import type { TollgateOptions } from './tollgate-options.js';

/** State shared by the pieces. */
interface Shared {
  readonly guard: GuardOptions;
  readonly plans: Plans;
  readonly store: CacheStore | undefined;
}

/** The guard for cached responses, where the app enables it. */
export function answerCache(
  { cache: more, authenticate: { now } = {} }: TollgateOptions,
  { guard: { mode }, plans, store }: Shared,
): CacheMiddleware | undefined {
  if (more) {
    const own = more === true ? {} : more;
    return cache({ ...(now && { now }), ...(store && { store }), ...own, ...(mode && { mode }), plans });
  }
  const preferring = Object.values(plans).find(({ degrade }) => degrade.some((step) => step.cache));
  if (!preferring) return undefined;
  throw new TypeError(
    `tollgate: plan "${preferring.name}" has a step that prefers answers paid for before, but "cache" is not given, e.g. cache: true`,
  );
}
