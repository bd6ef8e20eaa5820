import {
  type Caller,
  contextOf,
  guarded,
  isTollgateError,
  type Limit,
  refuse,
  type TollgateContext,
} from '@tollgate/core';
import { runInContext, warnOnce, whenReady } from '@tollgate/core/internal';
import type { RequestHandler } from 'express';
import { BudgetEngine } from './engine.js';
import { noCallerError } from './errors.js';
import { budgetOf, setBudget } from './live-budget.js';
import { type BudgetOptions, readOptions } from './options.js';
import { RequestBudget } from './request-budget.js';
import type { RunningRequest } from './running-request.js';

/** The result of {@link budget}: the middleware, and counters and controls for the app. */
export interface BudgetMiddleware extends RequestHandler {
  /**
   * Puts a context without an HTTP request (a script, a worker) on its caller's budget: each of its calls is covered and charged.
   * Needs `context.caller` and a `store`. Throws a TollgateError (401) without a caller, (403) where its plan is unknown.
   */
  attach(context: TollgateContext): void;
  /** The limits that it counts for a caller, each in its place: the plan's, the caller's own, those of `limits`. Throws a TollgateError (403) for an unknown plan. */
  limitsOf(caller: Caller): readonly Limit[];
  /** Sends waiting settlements to the store: resolves when all are accepted, or after `graceMs` (default 10 000). */
  settled(graceMs?: number): Promise<void>;
  /**
   * Admissions let through without the store since the start (requests, route limits and calls; `whenStoreDown: 'open'`, or shadow mode),
   * for a metric; each is also published on `tollgate:store` with `outcome: 'unverified'`. 0 without a `store` option.
   */
  readonly unverified: number;
  /**
   * Requests admitted since the start from credit that was leased in advance, while the store was away (`whenStoreDown: 'grace'`), for a
   * metric; each is also published on `tollgate:store` with `outcome: 'grace'`.
   */
  readonly fromGrace: number;
  /** Settlements that wait for the store at the moment, for a metric. */
  readonly unsettled: number;
  /** Requests of this process that hold a reservation now, in no order. */
  running(): RunningRequest[];
}

const opensNothing = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Holds a request's highest possible cost, on every limit of its caller at once, before it reaches a provider; covers each further call;
 * charges the real usage and returns the rest. Reads `caller` and `calls.declared`; writes `reservation`, the calls' `charges`, `overrun`,
 * `admittedAtMs`, `degradedFrom`, and the `RateLimit` fields. Refuses with 402 `budget_exceeded`, 429 `rate_limit_exceeded`,
 * `quota_exceeded` or `concurrency_exceeded`, 400 `request_exceeds_limit` or `invalid_value`, 403 `model_not_allowed`, 401 without a
 * caller, and 503 `budget_unverifiable` while the store is away.
 *
 * On a route that is already behind a `budget()` with plans and store, a `budget()` with only `limits` adds its limits to the request's.
 */
export function budget(options: BudgetOptions = {}): BudgetMiddleware {
  const settings = readOptions(options);
  const engine = settings.store && new BudgetEngine(settings, settings.store);
  const handler = guarded('budgetMiddleware', (req, res, next) => {
    if (settings.mode === 'off') return next();
    const context = contextOf(req, res, settings.now);
    const goAhead = (): void => {
      context.ownTime?.end('admission');
      if (!context.calls.finished) runInContext(context, next);
    };
    const turnAway = (error: unknown): void => {
      if (!isTollgateError(error)) throw error;
      refuse(req, res, next, error, { ...settings.answer, mode: settings.mode });
    };
    const startMs = performance.now();
    const waited = (): void => {
      context.waitedForStoresMs += performance.now() - startMs;
      goAhead();
    };
    let admitted: void | Promise<void>;
    try {
      const outer = budgetOf(context);
      if (outer) {
        if (settings.plans) warnTwice();
        admitted = outer.extend(settings.limits, settings.mode === 'enforce');
      } else {
        const opened = open(engine, context);
        admitted = opensNothing.has(req.method) ? undefined : opened.open();
      }
    } catch (error) {
      return turnAway(error);
    }
    return whenReady(admitted, waited, turnAway);
  });
  const guard = Object.assign(handler, {
    attach: (context: TollgateContext) => {
      open(engine, context);
    },
    limitsOf: (caller: Caller) =>
      engine ? engine.limitsOf(engine.planOf(caller), caller).map(({ limit }) => limit) : settings.limits,
    settled: (graceMs = 10_000) => engine?.settling.drain(graceMs) ?? Promise.resolve(),
    running: () => engine?.heartbeat.running() ?? [],
    unverified: 0,
    fromGrace: 0,
    unsettled: 0,
  });
  return Object.defineProperties(guard, {
    unverified: { get: () => engine?.unverified ?? 0 },
    fromGrace: { get: () => engine?.fromGrace ?? 0 },
    unsettled: { get: () => engine?.settling.size ?? 0 },
  });
}

/** Puts a request on its caller's budget. Throws a TollgateError without a caller, or where its plan is unknown. */
function open(engine: BudgetEngine | undefined, context: TollgateContext): RequestBudget {
  if (!engine) {
    throw new TypeError(
      'budget: "store" is required where no budget() with a store has seen the request before; mount budget({ plans, store }) first',
    );
  }
  const { caller } = context;
  if (!caller) {
    warnOnce(
      'TOLLGATE_W_NO_CALLER',
      'budget(): a request without a verified caller came by and was refused; mount authenticate() before budget()',
    );
    throw noCallerError();
  }
  if (!context.calls.has('meter')) {
    warnOnce(
      'TOLLGATE_W_ORDER',
      'budget(): no meter() has seen this request, so its body is not estimated, and calls are refused unless one does; mount meter() before budget()',
    );
  }
  const opened = new RequestBudget(engine, context, caller);
  context.calls.use(opened);
  setBudget(context, opened);
  return opened;
}

function warnTwice(): void {
  warnOnce(
    'TOLLGATE_W_MOUNTED_TWICE',
    'budget({ plans }) is mounted twice on one path; the second adds only its "limits"',
  );
}
