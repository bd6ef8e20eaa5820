import { type AuthenticateOptions, authenticate, OverrideBook, requireScope } from '@tollgate/auth';
import { type BudgetMiddleware, budget } from '@tollgate/budget';
import type { ConcurrencyMiddleware } from '@tollgate/concurrency';
import {
  type Caller,
  contextOf,
  type DeclaredLimit,
  jsonBody,
  type LimitDeclaration,
  type LimitOverrides,
  limitsOf,
  type Plans,
  type ProviderStore,
  type QuotaStore,
  type SwitchStore,
  type TollgateContext,
  type TollgateErrorsOptions,
  tollgateErrors,
} from '@tollgate/core';
import { guardrails } from '@tollgate/guardrails';
import type { JobsMiddleware } from '@tollgate/jobs';
import { meter, meteredFetch, type RunWithOptions, runWith } from '@tollgate/meter';
import {
  type Ledger,
  type Registry,
  type Resolution,
  type Resolved,
  registry,
  resolve,
} from '@tollgate/postgres';
import { type ProxyHandler, type ProxyOptions, proxy } from '@tollgate/upstream';
import { type Alerts, alerts, killSwitch, type Watch } from '@tollgate/watch';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { answerCache } from './answer-cache.js';
import { deferredJobs } from './deferred-jobs.js';
import { inFlight } from './in-flight.js';
import { inTurn } from './in-turn.js';
import { deadline, placesOf, rateLimiterOf } from './limiters.js';
import { routeLimits } from './route-limits.js';
import { sayLimits } from './say-limits.js';
import { sizeCheck } from './size-check.js';
import { type Stores, storesOf } from './stores.js';
import {
  answerOptions,
  checkLadderPrices,
  checkTollgateOptions,
  detachedMeterOptions,
  fetchOptions,
  guardOptions,
  plansOf,
  type TollgateOptions,
} from './tollgate-options.js';
import { usageReport } from './usage-report.js';
import { WatchFeed } from './watching.js';

/** Everything of one app, in the right order. */
export interface Tollgate {
  /**
   * The guards, for `app.use('/v1', tg.guards())`: (watch) auth → switch → watch → rate limit → JSON body → jobs → concurrency →
   * guardrails → meter → cache → budget.
   * Call it once per path; all share the same counters.
   */
  guards(): RequestHandler;
  /** Refuses callers without these scopes (403 `insufficient_scope`); for routes behind the guards. */
  scope(...scopes: string[]): RequestHandler;
  /**
   * A route's own limits, beside the plan's, in the plan's words: `tg.limit('$5/day', { by: ['route', 'user'] })`,
   * `tg.limit({ requests: '2/min' })`; for route handlers behind the guards. Each key has its own counter unless `by` says otherwise. Throws
   * a `TypeError` for a text whose unit is unclear, such as `'2/min'`.
   */
  limit(limit: DeclaredLimit, more?: Omit<LimitDeclaration, 'limit'>): RequestHandler;
  /** For routes whose work can wait for room: batch work, see `concurrency()`. Throws a `TypeError` without that option. */
  batch(): RequestHandler;
  /** The app's places and queue, for metrics; absent without the option `concurrency`. */
  readonly concurrency: ConcurrencyMiddleware | undefined;
  /** Does what was deferred: `tg.jobs?.start(app)` once the app is complete; absent without the option `jobs`. */
  readonly jobs: JobsMiddleware | undefined;
  /** Metered `fetch` for SDK clients made once: `new OpenAI({ fetch: tg.fetch })`. */
  readonly fetch: typeof fetch;
  /** A handler that passes calls through to providers. Its refusals have the app's shape. */
  proxy(options: ProxyOptions): ProxyHandler;
  /**
   * A handler that answers what the caller has used and has left. Mounted before the guards, it asks for the credential itself, and its
   * requests are not counted; behind them, they are given back, but a caller without requests left is refused.
   */
  usage(): RequestHandler;
  /** Runs a function as a caller without an HTTP request, metered and on the caller's budget. */
  runWith<Result>(
    caller: Caller,
    run: (context: TollgateContext) => Result | Promise<Result>,
    options?: Pick<RunWithOptions, 'labels'>,
  ): Promise<Result>;
  /**
   * Corrects an attempt whose end was unknown, in the ledger and on its counters, once more is known of it:
   * `tg.resolve({ eventId, actual: { inputTokens, outputTokens, costNanoUsd } })`. Rejects with a `TypeError` without `database`.
   */
  resolve(resolution: Omit<Resolution, 'store' | 'now'>): Promise<Resolved>;
  /** The error handler, mounted last. */
  errors(options?: Pick<TollgateErrorsOptions, 'others'>): ErrorRequestHandler;
  readonly plans: Plans;
  readonly store: QuotaStore;
  /** Where usage is kept, for `reports({ database: tg.ledger.database })`; absent without `database`. */
  readonly ledger: Ledger | undefined;
  /** Keys, tenants and limits in the database, where they come from there: `await tg.registry.keys.create(…)`. */
  readonly registry: Registry | undefined;
  /** Tells people, also of what the app raises itself: `tg.alerts?.raise({ … })`; absent without `alerts`. */
  readonly alerts: Alerts | undefined;
  /** What is watched: tags, what waits for a person to be confirmed, the forest; absent without `watch`. */
  readonly watch: Watch | undefined;
  /** What processes share of providers, for `resilience({ shared: tg.sharedProviders })`; absent without `redis`. */
  readonly sharedProviders: ProviderStore | undefined;
  /** Switches keys, tenants, models, providers or everything off and on, in every process; absent without `switch` and `watch`. */
  readonly switch: SwitchStore | undefined;
  /**
   * For `/readyz`: `false` once `close()` was called, and while the shared counters are away and requests are refused for it
   * (`budget: { whenStoreDown: 'closed' }`, the default, or the same of `rateLimit`; not in shadow mode).
   */
  readonly isReady: boolean;
  /** Admissions let through without the shared counters since the start (`budget: { whenStoreDown: 'open' }`, shadow mode), for a metric. */
  readonly unverified: number;
  /** Requests admitted while they were away, of credit leased beforehand (`budget: { whenStoreDown: 'grace' }`), for a metric. */
  readonly fromGrace: number;
  /** Requests that have come in and are not settled, those whose body is still on its way included. */
  readonly inFlight: number;
  /**
   * Ends gracefully: refuses new work (503), lets requests that have come in finish for `graceMs`, also those whose body is still on
   * its way, aborts and settles the rest, and hands over what is still to be written. @defaultValue graceMs 10_000
   */
  close(options?: { graceMs?: number }): Promise<void>;
}

/** How long after the grace period aborted requests may take to be settled. */
const settleMs = 5_000;

/** Reads the options, throws a `TypeError` for a wrong or unknown one, and puts the pieces together. */
export function tollgate(options: TollgateOptions): Tollgate {
  checkTollgateOptions(options);
  const guard = guardOptions(options);
  const plans = plansOf(options.plans);
  const limits = (options.limits ?? []).flatMap((limit) => limitsOf('tollgate: limits', limit, 'global'));
  sayLimits(options.log, plans, limits);
  checkLadderPrices(plans, limits, options.meter);
  const { now } = options.authenticate ?? {};
  const clock = now ? { now } : {};
  const feed = options.watch && options.mode !== 'off' ? new WatchFeed() : undefined;
  const stores = storesOf(options, feed);
  const watching = options.watch && feed?.begin(options.watch, { ...guard, ...clock }, stores);
  const store = stores.quota;
  const flight = inFlight(now);
  const reservations: BudgetMiddleware = budget({
    ...deadline(stores),
    ...options.budget,
    ...guard,
    plans,
    store,
    ...(limits.length > 0 && { limits }),
  });
  const people = registryOf(options, stores);
  const keys = options.keys ?? people?.keys;
  const overrides = options.overrides ?? people?.overrides;
  const credentials: Pick<AuthenticateOptions, 'keys' | 'jwt' | 'children' | 'overrides'> = {
    ...(keys && { keys }),
    ...(options.jwt && { jwt: options.jwt }),
    ...(options.children && { children: options.children }),
    ...(overrides && { overrides }),
  };
  const book = bookOf(overrides, options);
  const places = placesOf(options, guard, plans, store);
  const off = stores.switch && killSwitch({ ...guard, ...clock, store: stores.switch });
  const told =
    options.alerts && alerts({ ...(stores.alerts && { store: stores.alerts }), ...options.alerts });
  const later = deferredJobs(options, { guard, keys, plans });
  const rails = options.guardrails && guardrails({ ...options.guardrails, ...guard });
  const answers = answerCache(options, { guard, plans, store: stores.answers });
  const entrance = [
    flight.admit,
    ...(watching ? [watching.observe()] : []),
    authenticate({ ...options.authenticate, ...guard, ...credentials, plans }),
    ...(off ? [off] : []),
    ...(watching ? [watching.guard()] : []),
  ];
  const limiter = rateLimiterOf(options, guard, plans, stores);
  const guards = inTurn('tollgateGuards', [
    ...entrance,
    ...(limiter ? [limiter] : []),
    jsonBody({ ...options.jsonBody, ...answerOptions(guard) }),
    ...(guard.mode === undefined || guard.mode === 'enforce'
      ? [sizeCheck(reservations, options.meter, answerOptions(guard))]
      : []),
    ...(later ? [later] : []),
    // Not before the body is read: clients that send it slowly would hold the app's places meanwhile.
    ...(places ? [places] : []),
    ...(rails ? [rails] : []),
    meter({ ...options.meter, ...guard }),
    ...(answers ? [answers] : []),
    reservations,
    flight.track,
  ]);
  const report = usageReport({ budget: reservations, store, rateLimit: limiter });
  const alone = inTurn('tollgateUsage', [...entrance, report]);
  const usage: RequestHandler = (req, res, next) =>
    (contextOf(req, res).caller ? report : alone)(req, res, next);
  let closing: Promise<void> | undefined;
  return {
    guards: () => guards,
    scope: (...scopes) => requireScope(...scopes),
    limit: (limit, more) => budget({ ...guard, limits: routeLimits(limit, more) }),
    batch: () => {
      if (places) return places.batch;
      throw new TypeError(
        'tollgate: batch() needs the option "concurrency", e.g. concurrency: { limit: 100 }',
      );
    },
    concurrency: places,
    jobs: later,
    fetch: meteredFetch(fetchOptions(options)),
    proxy: (proxyOptions) => proxy({ ...answerOptions(guard), ...proxyOptions }),
    usage: () => usage,
    runWith: async (caller, run, more) =>
      runWith(book ? await book.apply(caller) : caller, run, {
        ...detachedMeterOptions(options),
        ...more,
        steps: (context) => {
          off?.attach(context);
          watching?.attach(context);
          rails?.attach(context);
          answers?.attach(context);
          reservations.attach(context);
        },
      }),
    resolve: async (resolution) => {
      if (stores.ledger) return resolve(stores.ledger.database, { ...resolution, store, ...clock });
      throw new TypeError('tollgate: resolve() needs a ledger: give "database"');
    },
    errors: (more) =>
      tollgateErrors({ ...more, ...(guard.errorFormat && { errorFormat: guard.errorFormat }) }),
    plans,
    store,
    ledger: stores.ledger,
    registry: people,
    alerts: told,
    watch: watching,
    sharedProviders: stores.providers,
    switch: stores.switch,
    get isReady() {
      return !flight.isClosing && stores.answering;
    },
    get unverified() {
      return reservations.unverified;
    },
    get fromGrace() {
      return reservations.fromGrace;
    },
    get inFlight() {
      return flight.size;
    },
    close: ({ graceMs = 10_000 } = {}) => {
      closing ??= (async () => {
        const undone = later?.close();
        const closed = flight.close(graceMs, settleMs);
        places?.close();
        await closed;
        await undone;
        await reservations.settled(settleMs);
        off?.end();
        watching?.end();
        await told?.close();
        await stores.end();
        for (const sink of options.sinks ?? []) await (sink.close?.() ?? sink.flush?.());
        await people?.close();
        await stores.ledger?.close();
      })();
      return closing;
    },
  };
}

/** Keys and limits of the database that the app has given, unless it knows its callers otherwise. */
function registryOf({ keys, jwt }: TollgateOptions, { ledger }: Stores): Registry | undefined {
  return keys || jwt || !ledger ? undefined : registry({ database: ledger.database });
}

/** For callers that come without a request: those of requests are looked up by `authenticate()`. */
function bookOf(
  overrides: LimitOverrides | undefined,
  { authenticate: more = {} }: TollgateOptions,
): OverrideBook | undefined {
  const { storeTimeoutMs: timeoutMs = 2_000, maxRemembered: maxTenants = 10_000, now = Date.now } = more;
  return overrides && new OverrideBook({ overrides, timeoutMs, maxTenants, now });
}
