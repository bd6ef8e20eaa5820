import { setTimeout as delay } from 'node:timers/promises';
import { type AuthenticateOptions, authenticate, requireScope } from '@tollgate/auth';
import { OverrideCache } from '@tollgate/auth/internal';
import { type BudgetMiddleware, budget } from '@tollgate/budget';
import { contextOf, jsonBody, tollgateErrors } from '@tollgate/core';
import { accepts, checkOptions, type LimitOverrides, limitsOf } from '@tollgate/core/internal';
import { guardrails } from '@tollgate/guardrails';
import { meter, meteredFetch, runWith } from '@tollgate/meter';
import { type Ledger, type LedgerOptions, type Registry, registry, resolve } from '@tollgate/postgres';
import { proxy } from '@tollgate/upstream';
import { type Alerts, type AlertsOptions, alerts, killSwitch } from '@tollgate/watch';
import type { RequestHandler } from 'express';
import { answerCache } from './answer-cache.js';
import { deferredJobs } from './deferred-jobs.js';
import { inFlight } from './in-flight.js';
import { inTurn } from './in-turn.js';
import { lateSettlement } from './late-settlement.js';
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
import type { CloseOptions, RouteGuard, Tollgate } from './tollgate-parts.js';
import { usageReport } from './usage-report.js';
import { WatchFeed } from './watching.js';

const closeChecks = {
  drainDelayMs: accepts.integerBetween(0, 3_600_000),
  graceMs: accepts.integerBetween(0, 3_600_000),
};

/** How long after the grace period aborted requests may take to be settled. */
const settleMs = 5_000;

/** With `database` there is a ledger; without `keys` and `jwt`, keys and limits are in the database too. */
type WithLedger<PlanName extends string> = TollgateOptions<PlanName> & { database: LedgerOptions };
type WithRegistry<PlanName extends string> = WithLedger<PlanName> & { keys?: never; jwt?: never };

/** Reads the options, throws a `TypeError` for a wrong or unknown one, and puts the pieces together. */
export function tollgate<PlanName extends string>(
  options: WithRegistry<PlanName>,
): Tollgate<PlanName> & { readonly ledger: Ledger; readonly registry: Registry };
export function tollgate<PlanName extends string>(
  options: WithLedger<PlanName>,
): Tollgate<PlanName> & { readonly ledger: Ledger };
export function tollgate<PlanName extends string>(options: TollgateOptions<PlanName>): Tollgate<PlanName>;
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
    ...(stores.ledger && { settleLate: lateSettlement(stores.ledger.database, store) }),
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
  const told = options.alerts && alertsOn(stores, options.alerts);
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
      ? [sizeCheck({ budget: reservations, plans, meter: options.meter, answer: answerOptions(guard) })]
      : []),
    ...(later ? [later] : []),
    // After the body has been read: otherwise clients that send it slowly would hold the app's permits.
    ...(places ? [places] : []),
    ...(rails ? [rails] : []),
    meter({ ...options.meter, ...guard }),
    ...(answers ? [answers] : []),
    reservations,
    flight.track,
  ]);
  const report = usageReport({ budget: reservations, store, rateLimit: limiter, ledger: stores.ledger });
  const alone = inTurn('tollgateUsage', [...entrance, report]);
  const usage: RequestHandler = (req, res, next) =>
    (contextOf(req, res).caller ? report : alone)(req, res, next);
  let closing: Promise<void> | undefined;
  let isDraining = false;
  return {
    guards: () => guards,
    scope: (...scopes) => routeGuard(requireScope(...scopes)),
    limit: (limit, more) => routeGuard(budget({ ...guard, limits: routeLimits(limit, more) })),
    batch: () => {
      if (places) return routeGuard(places.batch);
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
      return !isDraining && stores.answering;
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
    close: (closeOptions = {}) => {
      checkOptions<CloseOptions>('tg.close', closeOptions, closeChecks);
      const { drainDelayMs = 0, graceMs = 10_000 } = closeOptions;
      closing ??= (async () => {
        isDraining = true;
        if (drainDelayMs > 0) await delay(drainDelayMs);
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

/** Guards read nothing that the type parameters of a route describe. */
const routeGuard = (handler: RequestHandler): RouteGuard => handler as unknown as RouteGuard;

/** Incidents are shared where stores are; those of budgets contain the ledger's figures. */
function alertsOn({ alerts: store, ledger }: Stores, options: AlertsOptions): Alerts {
  const unresolved = async (counter: string, window: string) =>
    (await ledger?.unresolvedIn(undefined, [{ counter, window }]))?.[0];
  return alerts({ ...(store && { store }), ...(ledger && { unresolved }), ...options });
}

/** Keys and limits of the app's database, unless it finds its callers otherwise. */
function registryOf({ keys, jwt }: TollgateOptions, { ledger }: Stores): Registry | undefined {
  return keys || jwt || !ledger ? undefined : registry({ database: ledger.database });
}

/** For callers without a request: those of requests are looked up by `authenticate()`. */
function bookOf(
  overrides: LimitOverrides | undefined,
  { authenticate: more = {} }: TollgateOptions,
): OverrideCache | undefined {
  const { storeDeadlineMs: deadlineMs = 2_000, maxRemembered: maxTenants = 10_000, now = Date.now } = more;
  return overrides && new OverrideCache({ overrides, deadlineMs, maxTenants, now });
}
