import { keyCallers } from '@tollgate/auth';
import type { KeyStore, Plans } from '@tollgate/core';
import type { GuardOptions } from '@tollgate/core/internal';
import { type JobsMiddleware, jobs } from '@tollgate/jobs';
import type { TollgateOptions } from './tollgate-options.js';

/** State shared by the pieces. */
interface Shared {
  readonly guard: GuardOptions;
  readonly keys: KeyStore | undefined;
  readonly plans: Plans;
}

/** The guard for deferred requests, where the app enables it: callers of keys are looked up again automatically, others by the app's function. */
export function deferredJobs(
  { jobs: more, authenticate: { storeDeadlineMs, now } = {} }: TollgateOptions,
  { guard, keys, plans }: Shared,
): JobsMiddleware | undefined {
  const deferring = Object.values(plans).find(({ degrade }) => degrade.some(({ defer }) => defer));
  if (!more) {
    if (!deferring) return undefined;
    throw new TypeError(
      `tollgate: plan "${deferring.name}" has a step that defers, but "jobs" is not given, e.g. jobs: { queue: memoryJobs() }`,
    );
  }
  const timed = { ...(storeDeadlineMs !== undefined && { storeDeadlineMs }), ...(now && { now }) };
  const callers = more.callers ?? (keys && keyCallers({ keys, ...timed }));
  if (!callers) {
    throw new TypeError(
      'tollgate: "jobs.callers" is required where callers have no keys: it says whether they still may',
    );
  }
  return jobs({ ...(now && { now }), ...more, ...guard, callers });
}
