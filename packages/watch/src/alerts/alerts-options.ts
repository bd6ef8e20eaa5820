import { memoryAlerts } from '@tollgate/core';
import {
  type AlertStore,
  accepts,
  units as allUnits,
  checkOptions,
  type Unit,
} from '@tollgate/core/internal';
import type { AlertDestination } from './destination.js';
import type { AlertReport } from './incident.js';
import type { UnresolvedOf } from './sources.js';
import type { StormOptions } from './storms.js';

/** The sources that alerts listen to by themselves. */
export type AlertSource = 'budget' | 'store' | 'provider' | 'fault' | 'switch' | 'watch';

/** Options of {@link alerts}. */
export interface AlertsOptions {
  /** The receivers, 1 to 20: `webhook()`, `slack()`, `pagerDuty()`, `email()`, `callback()`. Their names must differ. */
  to: readonly AlertDestination[];
  /**
   * Store of incidents: `redisAlerts({ client })` sends each notification once for all processes and over restarts. @defaultValue
   * `memoryAlerts()`: once in each process, and waiting notifications are lost with it
   */
  store?: AlertStore;
  /**
   * Units of limits whose shares (50, 80, 100 %, as the quota store has them) are reported, at least one; `ignore: ['budget']` for none.
   * So is the first refusal of each window because no further request fits. @defaultValue ['usd', 'tokens', 'inputTokens', 'outputTokens']
   */
  units?: readonly Unit[];
  /**
   * The unresolved part of a counter's charges in a window, in its unit: calls whose end is unknown. Incidents of budgets contain it; they
   * wait for it 2 s at most. `tollgate({ database, alerts })` reads it from the ledger. @defaultValue not included
   */
  unresolved?: UnresolvedOf;
  /** Sources to ignore. @defaultValue [] */
  ignore?: readonly AlertSource[];
  /** Which reports become incidents; one that throws lets its report pass. @defaultValue all */
  when?: (report: AlertReport) => boolean;
  /**
   * From how many incidents of one kind and severity on, in each process, further ones are one incident together: `{ incidents, withinMs }`. `false`:
   * every incident is reported, however many there are. @defaultValue { incidents: 20, withinMs: 60_000 }
   */
  storm?: StormOptions | false;
  /** How long a store must be away before that is reported, in ms, 0 to 3 600 000. @defaultValue 5_000 (5 s) */
  lastsMs?: number;
  /** How long a receiver may take, in ms, 10 to 600 000. @defaultValue 10_000 (10 s) */
  deadlineMs?: number;
  /** Pause after the first failure, in ms, 1 to 3 600 000; it doubles with each, and half of it is random. @defaultValue 1_000 (1 s) */
  retryMs?: number;
  /** The longest such pause, in ms, 1 to 86 400 000; a receiver's `Retry-After` may be longer, up to an hour. @defaultValue 300_000 (5 min) */
  longestRetryMs?: number;
  /** A notification that was not received for this long is dropped, in ms, 1 to 2 592 000 000. @defaultValue 86_400_000 (1 day) */
  giveUpAfterMs?: number;
  /** Interval between searches for tasks left undone by other processes, in ms, 10 to 600 000. @defaultValue 1_000 (1 s) */
  pollMs?: number;
  /** How long the shared store may be away before this process notifies by itself, in ms, 0 to 3 600 000. @defaultValue 10_000 (10 s) */
  aloneAfterMs?: number;
  /** Milliseconds since the epoch. @defaultValue Date.now */
  now?: () => number;
  /** From 0 to 1. @defaultValue Math.random */
  random?: () => number;
}

/** Throws a `TypeError` for a wrong or unknown option. */
export function readAlertsOptions(options: AlertsOptions) {
  const isDestination = accepts.methods('send');
  checkOptions<AlertsOptions>(
    'alerts',
    options,
    {
      to: (value) => {
        const verdict = accepts.arrayOf(isDestination)(value);
        if (verdict !== true) return verdict;
        const { length } = value as unknown[];
        return (length > 0 && length <= 20) || '1 to 20 destinations';
      },
      store: accepts.methods('read', 'replace', 'take', 'done', 'later'),
      units: accepts.someOf(accepts.oneOf(...allUnits)),
      ignore: accepts.arrayOf(accepts.oneOf('budget', 'store', 'provider', 'fault', 'switch', 'watch')),
      unresolved: accepts.function,
      when: accepts.function,
      storm: (value) =>
        value === false || accepts.object(value) === true || 'false, or { incidents, withinMs }',
      lastsMs: accepts.integerBetween(0, 3_600_000),
      deadlineMs: accepts.integerBetween(10, 600_000),
      retryMs: accepts.integerBetween(1, 3_600_000),
      longestRetryMs: accepts.integerBetween(1, 86_400_000),
      giveUpAfterMs: accepts.integerBetween(1, 2_592_000_000),
      pollMs: accepts.integerBetween(10, 600_000),
      aloneAfterMs: accepts.integerBetween(0, 3_600_000),
      now: accepts.function,
      random: accepts.function,
    },
    ['to'],
  );
  if (options.storm) {
    checkOptions<StormOptions>('alerts: "storm"', options.storm, {
      incidents: accepts.integerBetween(1, 10_000),
      withinMs: accepts.integerBetween(1_000, 3_600_000),
    });
  }
  const names = options.to.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new TypeError(`alerts: two destinations are named "${twice}"; give one of them another "name"`);
  }
  return {
    to: options.to,
    store: options.store ?? memoryAlerts(),
    units: options.units ?? (['usd', 'tokens', 'inputTokens', 'outputTokens'] as const),
    unresolved: options.unresolved,
    ignore: options.ignore ?? [],
    when: options.when,
    storm: options.storm ?? {},
    lastsMs: options.lastsMs ?? 5_000,
    deadlineMs: options.deadlineMs ?? 10_000,
    retryMs: options.retryMs ?? 1_000,
    longestRetryMs: options.longestRetryMs ?? 300_000,
    giveUpAfterMs: options.giveUpAfterMs ?? 86_400_000,
    pollMs: options.pollMs ?? 1_000,
    aloneAfterMs: options.aloneAfterMs ?? 10_000,
    now: options.now ?? Date.now,
    random: options.random ?? Math.random,
  };
}
