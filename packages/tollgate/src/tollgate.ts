import { setTimeout as delay } from 'node:timers/promises';
import { type AuthenticateOptions, authenticate, requireScope } from '@tollgate/auth';
import { type BudgetMiddleware, budget } from '@tollgate/budget';
import { contextOf, jsonBody, type TollgateError, tollgateErrors } from '@tollgate/core';
import { accepts, checkOptions, limitsOf } from '@tollgate/core/internal';
import { guardrails } from '@tollgate/guardrails';
import { meter, meteredFetch, priceCatalogue, runWith } from '@tollgate/meter';
import { unmeteredRefusal } from '@tollgate/meter/internal';
import { type Ledger, type LedgerOptions, type Registry, resolve } from '@tollgate/postgres';
import { providerFailure, proxy } from '@tollgate/upstream';
import { killSwitch } from '@tollgate/watch';
import type { Request, RequestHandler } from 'express';
import { answerCache } from './answer-cache.js';
import { deferredJobs } from './deferred-jobs.js';
import { checkFallbackPrices } from './fallback-prices.js';
import { inFlight } from './in-flight.js';
import { inTurn } from './in-turn.js';
import { lateSettlement } from './late-settlement.js';
import { deadline, placesOf, rateLimiterOf } from './limiters.js';
import { warnOfSharedCaps } from './limits-in-words.js';
import { appLog } from './logging.js';
import { neededBy } from './needed-parts.js';
import { Opened } from './opened.js';
import { alertsOn, bookOf, registryOf } from './parts-on-stores.js';
import { promptSecretOf } from './prompt-secret.js';
import { Readiness } from './readiness.js';
import { routeLimits } from './route-limits.js';
import { selfService } from './self-service.js';
import { sizeCheck } from './size-check.js';
import { storesOf } from './stores.js';
import { isKeyValid, switchedOffCallers } from './switched-off.js';
import {
  answerOptions,
  checkLadderLimits,
  checkLadderPrices,
  checkTollgateOptions,
  detachedMeterOptions,
  fetchOptions,
  guardOptions,
  plansOf,
  type TollgateOptions,
} from './tollgate-options.js';
import type { CloseOptions, ReadyOptions, RouteGuard, Tollgate } from './tollgate-parts.js';
import { usageHistory } from './usage-history.js';
import { usageReport } from './usage-report.js';
import { WatchFeed } from './watching.js';
import { withClock } from './with-clock.js';

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
export function tollgate(given: TollgateOptions): Tollgate {
  checkTollgateOptions(given);
  const opened = new Opened();
  try {
    return assembled(withClock(given), opened);
  } catch (error) {
    opened.abandon();
    throw error;
  }
}

function assembled(options: TollgateOptions, opened: Opened): Tollgate {
  const guard = guardOptions(options);
  const plans = plansOf(options.plans);
  const limits = (options.limits ?? []).flatMap((limit) => limitsOf('tollgate: limits', limit, 'global'));
  warnOfSharedCaps(plans, limits);
  checkLadderPrices(plans, limits, options.meter);
  const { now, readyWaitMs = 1_000 } = options;
  const clock = now ? { now } : {};
  const feed = options.watch && options.mode !== 'off' ? new WatchFeed() : undefined;
  const stores = storesOf(options, opened, feed);
  const watching =
    options.watch &&
    feed &&
    opened.add(feed.begin(options.watch, { ...guard, ...clock }, stores), (one) => one.end());
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
  if (people) opened.add(people, (one) => one.close());
  const keys = options.keys ?? people?.keys;
  const overrides = options.overrides ?? people?.overrides;
  const credentials: Pick<AuthenticateOptions, 'keys' | 'jwt' | 'children' | 'overrides'> = {
    ...(keys && { keys }),
    ...(options.jwt && { jwt: options.jwt }),
    ...(options.children && { children: options.children }),
    ...(overrides && { overrides }),
  };
  checkLadderLimits(plans, limits, overrides !== undefined);
  const book = bookOf(overrides, options);
  const places = placesOf(options, guard, plans, store);
  const off =
    stores.switch && opened.add(killSwitch({ ...guard, ...clock, store: stores.switch }), (one) => one.end());
  const told = options.alerts && opened.add(alertsOn(stores, options.alerts), (one) => one.close());
  const later = deferredJobs(options, { guard, keys, plans });
  const rails = options.guardrails && guardrails({ ...options.guardrails, ...guard });
  const answers = answerCache(options, { guard, plans, store: stores.answers });
  const prompts = promptSecretOf(options, stores);
  const readiness = opened.add(
    new Readiness(neededBy(options, plans, stores, { watching, prompts })),
    (one) => one.end(),
  );
  const seen = [flight.admit, readiness.hold(readyWaitMs), ...(watching ? [watching.observe()] : [])];
  const authn = authenticate({ ...options.authenticate, ...guard, ...credentials, plans });
  const entrance = [...seen, authn, ...(off ? [off] : []), ...(watching ? [watching.guard()] : [])];
  const alwaysOff = stores.switch && switchedOffCallers(stores.switch, now ?? Date.now, answerOptions(guard));
  const known = inTurn('tollgateAuthenticate', [...seen, authn, ...(alwaysOff ? [alwaysOff] : [])]);
  const limiter = rateLimiterOf(options, guard, plans, stores);
  // An upload to a route that is not metered is refused for that, rather than for its content type.
  const notJson = (req: Request): TollgateError | undefined => unmeteredRefusal(req, options.meter);
  const guards = inTurn('tollgateGuards', [
    ...entrance,
    ...(limiter ? [limiter] : []),
    jsonBody({ notJson, ...options.jsonBody, ...answerOptions(guard) }),
    ...(guard.mode === undefined || guard.mode === 'enforce'
      ? [sizeCheck({ budget: reservations, plans, meter: options.meter, answer: answerOptions(guard) })]
      : []),
    ...(later ? [later] : []),
    // After the body has been read: otherwise clients that send it slowly would hold the app's permits.
    ...(places ? [places] : []),
    ...(rails ? [rails] : []),
    meter({ ...(prompts && { promptHashSecret: prompts.now }), ...options.meter, ...guard }),
    ...(answers ? [answers] : []),
    reservations,
    flight.track,
  ]);
  const report = usageReport({ budget: reservations, store, rateLimit: limiter, ledger: stores.ledger });
  const alone = inTurn('tollgateUsage', [...entrance, report]);
  const usage: RequestHandler = (req, res, next) =>
    (contextOf(req, res).caller ? report : alone)(req, res, next);
  const past =
    stores.ledger &&
    inTurn('tollgateUsageHistory', [...entrance, usageHistory(stores.ledger, now ?? Date.now)]);
  const log = appLog(options, plans, limits);
  let closing: Promise<void> | undefined;
  let isDraining = false;
  return {
    guards: () => guards,
    authenticate: () => known,
    isKeyValid: (keyId) => isKeyValid(keyId, { keys, store: stores.switch, now: now ?? Date.now }),
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
    proxy: (proxyOptions) => {
      const handler = proxy({ ...answerOptions(guard), ...proxyOptions });
      checkFallbackPrices(proxyOptions, plans, limits, options.meter);
      return handler;
    },
    usage: () => usage,
    usageHistory: () => {
      if (past) return past;
      throw new TypeError('tollgate: usageHistory() needs a ledger: give "database"');
    },
    selfService: (selfOptions) =>
      selfService(
        inTurn('tollgateSelfService', entrance),
        {
          registry: people,
          children: options.children,
          now: now ?? Date.now,
        },
        selfOptions,
      ),
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
      tollgateErrors({
        classify: providerFailure,
        ...(log.report && { report: log.report }),
        ...more,
        ...(guard.errorFormat && { errorFormat: guard.errorFormat }),
      }),
    ready: async (readyOptions = {}) => {
      checkOptions<ReadyOptions>('tg.ready', readyOptions, {
        timeoutMs: accepts.integerBetween(1, 3_600_000),
      });
      await readiness.ready(readyOptions.timeoutMs ?? 30_000);
    },
    running: () => reservations.running(),
    backlog: async () => ({
      settlements: reservations.unsettled,
      spool: await stores.ledger?.spooled(),
      outbox: await stores.outboxLag?.(),
    }),
    prices: priceCatalogue({ prices: options.meter?.prices, now }),
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
        readiness.end();
        if (drainDelayMs > 0) await delay(drainDelayMs);
        const undone = later?.close();
        const closed = flight.close(graceMs, settleMs);
        places?.close();
        await closed;
        await undone;
        await reservations.settled(settleMs);
        off?.end();
        await watching?.end();
        await told?.close();
        await stores.end();
        for (const sink of options.sinks ?? []) await (sink.close?.() ?? sink.flush?.());
        await people?.close();
        await stores.ledger?.close();
        log.end();
      })();
      return closing;
    },
  };
}

/** Guards read nothing that the type parameters of a route describe. */
const routeGuard = (handler: RequestHandler): RouteGuard => handler as unknown as RouteGuard;
