import { keyCallers } from '@tollgate/auth';
import type { KeyStore, Plans } from '@tollgate/core';
import { type CalendarPeriod, type GuardOptions, warnOnce } from '@tollgate/core/internal';
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
  warnOfExpiry(plans, more.expireAfterMs ?? dayMs);
  return jobs({ ...(now && { now }), ...more, ...guard, callers });
}

const dayMs = 86_400_000;
/** The longest windows, in ms, by period. */
const windowMs: Readonly<Record<CalendarPeriod, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: dayMs,
  week: 7 * dayMs,
  month: 31 * dayMs,
};

/** A request is deferred until its window ends: one that expires before is refused instead. */
function warnOfExpiry(plans: Plans, expireAfterMs: number): void {
  for (const { name, limits, degrade } of Object.values(plans)) {
    if (!degrade.some(({ defer }) => defer)) continue;
    const long = limits.find(
      ({ window, soft }) => window.kind === 'calendar' && !soft && windowMs[window.period] > expireAfterMs,
    );
    if (!long) continue;
    warnOnce(
      'TOLLGATE_W_JOBS_EXPIRE',
      `tollgate: plan "${name}" defers requests until "${long.name}" has room, which may be longer than a job lives (expireAfterMs: ${expireAfterMs}): requests that would expire before are refused. Give jobs a longer "expireAfterMs", at most 31 days.`,
      name,
    );
  }
}
