import type { AuthenticateOptions } from '@tollgate/auth';
import type { BudgetOptions } from '@tollgate/budget';
import type { CacheOptions } from '@tollgate/cache';
import type { ConcurrencyOptions } from '@tollgate/concurrency';
import {
  definePlans,
  type KeyStore,
  type Limit,
  type PlanDeclaration,
  type Plans,
  type QuotaStore,
  type SwitchStore,
  type UsageSink,
} from '@tollgate/core';
import {
  accepts,
  acceptsPlans,
  checkOptions,
  type DeclaredLimit,
  describeValue,
  type GuardOptions,
  guardChecks,
  type JsonBodyOptions,
  type LimitOverrides,
} from '@tollgate/core/internal';
import type { GuardrailsOptions } from '@tollgate/guardrails';
import type { JobsOptions } from '@tollgate/jobs';
import type { MeteredFetchOptions, MeterOptions, RunWithOptions } from '@tollgate/meter';
import { isPricedSomewhere, type OwnPrices } from '@tollgate/meter/internal';
import type { LedgerOptions } from '@tollgate/postgres';
import type { RateLimitOptions } from '@tollgate/rate-limit';
import type { AlertsOptions, Watch, WatchOptions } from '@tollgate/watch';
import { acceptsLog, type LogOption } from './log-setting.js';
import type { RedisSetting } from './redis-options.js';

/** Options of {@link tollgate}: shared options are given once; the other options of each piece under its name. */
export interface TollgateOptions<PlanName extends string = string> extends GuardOptions {
  /** Tiers, declared here or by `definePlans`. */
  plans: Plans<PlanName> | Readonly<Record<PlanName, PlanDeclaration>>;
  /** Where API keys are looked up. @defaultValue the `database`'s, unless `jwt` is given; one of the three is required */
  keys?: KeyStore;
  /** Verifies tokens: issuer, audience and the like, see `authenticate`. */
  jwt?: AuthenticateOptions['jwt'];
  /** Short-lived credentials that callers' keys are narrowed to, from `childCredentials()`. */
  children?: AuthenticateOptions['children'];
  /** Limits of single tenants, teams, users and keys that change while the app runs, seen within 5 s. @defaultValue the `database`'s where keys are, else none */
  overrides?: LimitOverrides;
  /**
   * Limits beside the plans': `['$100/day']`, `[{ requests: '50k/day' }]`, `[{ limit: '$20/day', by: 'tenant' }]`. They apply to the whole
   * app, all callers together, unless `by` is given. A refusal names such a limit, never its figures.
   */
  limits?: readonly DeclaredLimit[];
  /**
   * Log lines. A function receives one line at start that names the active features and each limit with its scope. A logger with the methods of
   * pino (`info`, `warn`, `error`: facts, message), or `{ logger, refusals: 'debug' }`, receives it too, and one line for each refusal (`info`, unless
   * `refusals` sets another level or `false`), fault, warning and error of a handler, of this process. `false`: none is written.
   * @defaultValue the line at start to stdout, none where NODE_ENV is `test`; errors of handlers to stderr
   */
  log?: LogOption;
  /**
   * The clock of all pieces, ms since the epoch, for tests; stores that are made elsewhere (`memoryKeys`, `memoryJobs`) have their own.
   * @defaultValue Date.now
   */
  now?: () => number;
  /**
   * How long requests are held that arrive before Redis, the database or the tokenizer has answered once, in ms, 0 to 60 000. Then they continue, and
   * those that need the missing part get 503 and do not count against the rate limit. @defaultValue 1_000 (1 s)
   */
  readyWaitMs?: number;
  /**
   * Shares all counters between processes: `{ url: 'redis://…' }`, or the node-redis client or cluster that the app has.
   * @defaultValue counters in memory
   */
  redis?: RedisSetting;
  /** Other counters of tokens and money, instead of `redis`. @defaultValue `memoryQuota()`, exact within one process, empty after a restart */
  store?: QuotaStore;
  /**
   * Receivers of usage events when `store` is not given: `[jsonLines('usage.jsonl')]`. With `redis`, each event goes to the sinks of one
   * process, from any process. @defaultValue none
   */
  sinks?: readonly UsageSink[];
  /**
   * The ledger: `{ connectionString }` or `{ pool }` for PostgreSQL, `{ directory: '.tollgate' }` for PGlite inside this process. Each
   * settled attempt becomes a row, and counters in memory continue after a restart from the ledger's sums. Without `redis` events wait in
   * its `spool` (`.tollgate/spool`, or in the directory) until the database has them. @defaultValue none
   */
  database?: LedgerOptions;
  /** Further options of `authenticate()`. */
  authenticate?: Omit<
    AuthenticateOptions,
    'keys' | 'jwt' | 'children' | 'overrides' | 'plans' | keyof GuardOptions
  >;
  /** Further options of `rateLimit()`. */
  rateLimit?: Omit<RateLimitOptions, 'plans' | keyof GuardOptions>;
  /**
   * Options of `concurrency()`: how many requests may be in flight at once, who waits and how long. With `redis` or `store`, over all
   * processes. @defaultValue no limit but the plans' `concurrent`, which `budget()` counts
   */
  concurrency?: Omit<ConcurrencyOptions, 'plans' | 'store' | 'perCaller' | keyof GuardOptions>;
  /** Options of `jsonBody()`. */
  jsonBody?: Omit<JsonBodyOptions, keyof GuardOptions>;
  /**
   * Switches off a key, tenant, model, provider or everything for all callers at once, see `killSwitch()`. `true`: stored on Redis where
   * `redis` is given, else in memory; or `fileSwitch(path)`, which the command line reaches as well. @defaultValue nothing can be switched
   * off
   */
  switch?: SwitchStore | true;
  /**
   * Watches spending and behaviour and acts by a policy, see `watch()`: `{}` for the default policy, `{ mode: 'shadow' }` to begin with, or
   * the app's own `watch()`. Suspensions are written to `switch`, which is then `true` unless it is given. With `redis` every process
   * receives the usage of all. @defaultValue nothing is watched
   */
  watch?: Omit<WatchOptions, 'store' | 'refusals' | 'errorFormat'> | Watch;
  /**
   * Notifies people of budgets' shares, stores and providers that fail, faults, switches and mitigations of `watch`: `{ to: [webhook({ url,
   * secret })] }`, see `alerts()`. With `redis`, once for all processes. @defaultValue no notifications
   */
  alerts?: AlertsOptions;
  /** Inspects prompts and responses: `{}` for the default rules, see `guardrails()`. @defaultValue no inspection */
  guardrails?: Omit<GuardrailsOptions, keyof GuardOptions>;
  /**
   * Requests that declare that they may wait are done later, where a plan has a step that defers: `{ queue: memoryJobs() }`, see `jobs()`;
   * started by `tg.jobs?.start(app)`. Callers are looked up by their keys, or by `callers`. @defaultValue nothing is deferred
   */
  jobs?: Omit<JobsOptions, 'callers' | keyof GuardOptions> & Partial<Pick<JobsOptions, 'callers'>>;
  /**
   * Answers calls that their tenant has paid for earlier, see `cache()`: `true` for calls that request the same response each time, up to
   * 10 minutes. Stored on Redis where `redis` is given, else in memory. Needed by plans with a step `cache: 'first'`. @defaultValue nothing
   * is cached
   */
  cache?: true | Omit<CacheOptions, 'plans' | 'mode'>;
  /** Further options of `meter()`. */
  meter?: Omit<MeterOptions, 'sinks' | keyof GuardOptions>;
  /** Further options of `budget()`. With `requests: true` it counts the plans' requests, and `rateLimit()` only its own `limits`. */
  budget?: Omit<BudgetOptions, 'plans' | 'store' | 'limits' | keyof GuardOptions>;
}

/** Checks the umbrella's own options; each piece checks its own. Throws a `TypeError`. */
export function checkTollgateOptions(options: TollgateOptions): void {
  checkOptions<TollgateOptions>(
    'tollgate',
    options,
    {
      ...guardChecks,
      plans: accepts.object,
      keys: accepts.methods('find'),
      jwt: accepts.object,
      children: accepts.methods('mint', 'revoke'),
      overrides: accepts.methods('find'),
      limits: (value) =>
        (Array.isArray(value) && value.length > 0) || 'a non-empty array of limits, e.g. ["$100/day"]',
      log: acceptsLog,
      now: accepts.function,
      readyWaitMs: accepts.integerBetween(0, 60_000),
      redis: (value) =>
        accepts.object(value) === true ||
        'an object such as { url: process.env.REDIS_URL }, or a node-redis client',
      store: accepts.methods('reserve', 'extend', 'cover', 'charge', 'renew', 'close', 'read', 'end'),
      sinks: accepts.arrayOf(accepts.methods('write')),
      database: (value) =>
        accepts.object(value) === true ||
        'an object such as { connectionString: process.env.DATABASE_URL } or { directory: ".tollgate" }',
      authenticate: accepts.object,
      rateLimit: accepts.object,
      concurrency: accepts.object,
      jsonBody: accepts.object,
      guardrails: accepts.object,
      jobs: accepts.object,
      switch: (value) =>
        value === true ||
        accepts.methods('read', 'turnOff', 'turnOn')(value) === true ||
        'true, or a switch such as fileSwitch(path)',
      watch: accepts.object,
      cache: (value) => value === true || accepts.object(value) === true || 'true, or options of cache()',
      alerts: accepts.object,
      meter: accepts.object,
      budget: accepts.object,
    },
    ['plans'],
  );
  if (!options.keys && !options.jwt && !options.database && !options.authenticate?.caller) {
    throw new TypeError(
      'tollgate: at least one of "keys", "jwt", "database" and authenticate: { caller } is required, e.g. keys: memoryKeys()',
    );
  }
  if (options.store && options.redis) {
    throw new TypeError('tollgate: "store" and "redis" are two places for one counter; give one of them');
  }
  if (options.store && options.database) {
    throw new TypeError(
      'tollgate: give ledger() to the store itself when "store" is given, among its sinks: it delivers the usage events',
    );
  }
  if (options.store && options.watch && !('sink' in options.watch)) {
    throw new TypeError(
      'tollgate: with "store", make watch() yourself and give it here and its sink to the store: it delivers the usage events',
    );
  }
  if (options.store && options.sinks) {
    throw new TypeError(
      'tollgate: give "sinks" to the store itself when "store" is given: it delivers the usage events',
    );
  }
}

/**
 * Models that a plan names or degrades to are to be paid for: without a price each of its calls would be refused where money is limited. Throws
 * a `TypeError`.
 */
export function checkLadderPrices(plans: Plans, limits: readonly Limit[], own: OwnPrices = {}): void {
  for (const plan of Object.values(plans)) {
    if (![...plan.limits, ...limits].some(({ unit }) => unit === 'usd')) continue;
    const unknown = plan.models?.find((model) => !model.includes('*') && !isPricedSomewhere(model, own));
    if (unknown !== undefined) {
      throw new TypeError(
        `tollgate: plan ${describeValue(plan.name)} allows the model ${describeValue(unknown)}, which has no price, so that each of its calls would be refused; correct the name or declare a price in meter: { prices }`,
      );
    }
    const unpriced = plan.degrade
      .flatMap(({ model = {} }) => Object.values(model))
      .find((model) => !isPricedSomewhere(model, own));
    if (unpriced !== undefined) {
      throw new TypeError(
        `tollgate: plan ${describeValue(plan.name)} degrades to ${describeValue(unpriced)}, which has no price; declare one in meter: { prices }`,
      );
    }
  }
}

/**
 * A ladder begins at a share of a limit, so a plan without one would never take a step. Throws a `TypeError`, unless limits may come from
 * `overrides` later.
 */
export function checkLadderLimits(plans: Plans, limits: readonly Limit[], hasOverrides: boolean): void {
  const isShared = (limit: Limit): boolean => limit.unit !== 'requests' && limit.unit !== 'concurrent';
  if (hasOverrides || limits.some(isShared)) return;
  const idle = Object.values(plans).find((plan) => plan.degrade.length > 0 && !plan.limits.some(isShared));
  if (!idle) return;
  throw new TypeError(
    `tollgate: plan ${describeValue(idle.name)}: "degrade" begins at a share of a limit, and the plan has none of money or tokens; give it "spend" or "tokens"`,
  );
}

/** The options passed to every guard. */
export function guardOptions({ mode, refusals, errorFormat }: GuardOptions): GuardOptions {
  return { ...(mode && { mode }), ...answerOptions({ refusals, errorFormat }) };
}

/** The options passed to every piece that sends refusals. */
export function answerOptions({
  refusals,
  errorFormat,
}: { [Name in 'refusals' | 'errorFormat']?: GuardOptions[Name] | undefined }): Omit<GuardOptions, 'mode'> {
  return { ...(refusals && { refusals }), ...(errorFormat && { errorFormat }) };
}

/** Plans as `definePlans` reads them, whether they were declared or defined. */
export function plansOf(plans: TollgateOptions['plans']): Plans {
  return isDefined(plans) ? plans : definePlans(plans);
}

function isDefined(plans: TollgateOptions['plans']): plans is Plans {
  return acceptsPlans(plans) === true;
}

/** The meter's options that also hold where there is no HTTP request. */
export function detachedMeterOptions({
  meter = {},
  sinks,
}: TollgateOptions): Omit<RunWithOptions, 'steps' | 'labels'> {
  const { api, dispatch, tap, exposeCost, labelHeader, labels, ...rest } = meter;
  return { ...rest, ...(sinks && { sinks }) };
}

/** The meter's options that concern sending. */
export function fetchOptions({ meter = {} }: TollgateOptions): MeteredFetchOptions {
  const { fetch, unmetered, unknownHosts, baseUrls, whenClientGone, drainMs, abort, idleMs } = meter;
  return {
    ...(fetch && { fetch }),
    ...(unmetered && { unmetered }),
    ...(unknownHosts && { unknownHosts }),
    ...(baseUrls && { baseUrls }),
    ...(whenClientGone && { whenClientGone }),
    ...(drainMs && { drainMs }),
    ...(abort && { abort }),
    ...(idleMs && { idleMs }),
  };
}
