import type { RunningRequest } from '@tollgate/budget';
import type { ConcurrencyMiddleware } from '@tollgate/concurrency';
import type { Caller, Plans, QuotaStore, SwitchStore, TollgateContext } from '@tollgate/core';
import type {
  DeclaredLimit,
  LimitDeclaration,
  ProviderStore,
  TollgateErrorsOptions,
} from '@tollgate/core/internal';
import type { JobsMiddleware } from '@tollgate/jobs';
import type { PriceCatalogue, RunWithOptions } from '@tollgate/meter';
import type { Ledger, Registry, Resolution, Resolved, SpoolStatus } from '@tollgate/postgres';
import type { OutboxLag } from '@tollgate/redis';
import type { ProxyHandler, ProxyOptions } from '@tollgate/upstream';
import type { Alerts, Watch } from '@tollgate/watch';
import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response } from 'express';
import type { SelfServiceOptions } from './self-service.js';

/** Options of `tg.ready()`. */
export interface ReadyOptions {
  /** How long to wait, in milliseconds, 1 to 3 600 000. @defaultValue 30_000 (30 s) */
  timeoutMs?: number;
}

/** How an app ends. */
export interface CloseOptions {
  /** How long it is not ready but still serves. Milliseconds, 0 to 3 600 000. @defaultValue 0 */
  drainDelayMs?: number;
  /** How long running requests may continue after that. Milliseconds, 0 to 3 600 000. @defaultValue 10_000 */
  graceMs?: number;
}

/** A guard of one route: the handlers behind it keep the types of the route's `req.params`, body and query. */
export type RouteGuard = <Params, Answer, Body, Query, Locals extends Record<string, unknown>>(
  req: Request<Params, Answer, Body, Query, Locals>,
  res: Response<Answer, Locals>,
  next: NextFunction,
) => void;

/** What waits on its way into the ledger. */
interface Backlog {
  /** Settlements of this process that the shared counters have not taken yet. */
  readonly settlements: number;
  /** Events on this machine's disk; absent: there is no spool. */
  readonly spool: SpoolStatus | undefined;
  /** Events on Redis; absent: this process delivers none. */
  readonly outbox: OutboxLag | undefined;
}

/** Everything of one app, in the right order. */
export interface Tollgate<PlanName extends string = string> {
  /**
   * The guards, for `app.use('/v1', tg.guards())`: (watch) auth → switch → watch → rate limit → JSON body → size → jobs → concurrency →
   * guardrails → meter → cache → budget.
   * Call it once per path; all share the same counters.
   */
  guards(): RequestHandler;
  /**
   * Verifies the credential alone, for routes of operators: counts nothing, and lets them in while everything is switched off, but not while
   * their own key, user, team or tenant is.
   */
  authenticate(): RequestHandler;
  /**
   * Whether a key, by its public id, is known and neither revoked, disabled, expired nor switched off: for `sessions({ isValid: ({ name }) =>
   * tg.isKeyValid(name) })` of `@tollgate/admin`. Rejects where the store of the keys is away.
   */
  isKeyValid(keyId: string): Promise<boolean>;
  /** Refuses callers without these scopes (403 `insufficient_scope`); for routes behind the guards. */
  scope(...scopes: string[]): RouteGuard;
  /**
   * A route's limits, beside the plan's, in the same form: `tg.limit('$5/day', { by: ['route', 'user'] })`, `tg.limit({ requests: '2/min'
   * })`; for route handlers behind the guards. Each key has a separate counter unless `by` is given. Throws a `TypeError` for a text
   * without a unit, such as `'2/min'`.
   */
  limit(limit: DeclaredLimit, more?: Omit<LimitDeclaration, 'limit'>): RouteGuard;
  /** For routes whose work can wait for room: batch work, see `concurrency()`. Throws a `TypeError` without that option. */
  batch(): RouteGuard;
  /** The app's places and queue, for metrics; absent without the option `concurrency`. */
  readonly concurrency: ConcurrencyMiddleware | undefined;
  /** Runs deferred requests: `tg.jobs?.start(app)` once the app is complete; absent without the option `jobs`. */
  readonly jobs: JobsMiddleware | undefined;
  /** Metered `fetch` for SDK clients made once: `new OpenAI({ fetch: tg.fetch })`. */
  readonly fetch: typeof fetch;
  /** A handler that passes calls through to providers. Its refusals have the app's shape. */
  proxy(options: ProxyOptions): ProxyHandler;
  /**
   * A handler that reports the caller's used and remaining amounts. Mounted before the guards, it verifies the credential itself, and its
   * requests are not counted; behind them, they are returned to the counters, but a caller without requests left is refused.
   */
  usage(): RequestHandler;
  /**
   * A handler that reports what the caller's own key (or user, for tokens) used before, from the ledger:
   * `?by=model,day&from=2026-11-01&to=2026-12-01`. Verifies the credential itself and is mounted before the guards; its requests are not
   * counted. Throws a `TypeError` without `database`.
   */
  usageHistory(): RequestHandler;
  /**
   * Routes for key holders, mounted before the guards: `app.use('/v1/key', tg.selfService())`. `POST /rotate`, `/children` and `/children/revoke`,
   * for keys with the scope `self`; their requests are not counted.
   */
  selfService(options?: SelfServiceOptions): RequestHandler;
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
  /**
   * The error handler, mounted last. Answers refusals; failures of providers that an SDK threw as `proxy()` answers them (502, 503, 504, 429); and
   * every other error with a 500 without its message and stack. Reports all but refusals: to `log`, or to stderr, and on `tollgate:fault`.
   */
  errors(options?: Pick<TollgateErrorsOptions, 'others' | 'report'>): ErrorRequestHandler;
  /**
   * Resolves when everything that requests need has answered once: the shared counters, the ledger's tables, and with `inputBound: 'tokens'` the
   * tokenizer. Rejects with an `Error` after `timeoutMs`, and when the app is closed before.
   */
  ready(options?: ReadyOptions): Promise<void>;
  /** Requests of this process that hold a reservation now, in no order. */
  running(): RunningRequest[];
  /** What waits on its way into the ledger. Rejects where Redis does not answer. */
  backlog(): Promise<Backlog>;
  /** The prices that calls are charged by. */
  readonly prices: PriceCatalogue;
  readonly plans: Plans<PlanName>;
  readonly store: QuotaStore;
  /** Where usage is kept, for `reports({ database: tg.ledger.database })`; absent without `database`. */
  readonly ledger: Ledger | undefined;
  /** Keys, tenants and limits in the database, where the app uses them: `await tg.registry.keys.create(…)`. */
  readonly registry: Registry | undefined;
  /** Sends notifications, also of the app's own reports: `tg.alerts?.raise({ … })`; absent without `alerts`. */
  readonly alerts: Alerts | undefined;
  /** Watch: tags, mitigations that wait for a person's confirmation, the forest; absent without `watch`. */
  readonly watch: Watch | undefined;
  /** Provider state shared by processes, for `resilience({ shared: tg.sharedProviders })`; absent without `redis`. */
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
  /** Requests admitted while they were away, from credit leased in advance (`budget: { whenStoreDown: 'grace' }`), for a metric. */
  readonly fromGrace: number;
  /** Requests that have arrived and are not settled, including those whose body is still arriving. */
  readonly inFlight: number;
  /**
   * Ends gracefully: for `drainDelayMs` it is not ready but still serves requests, since a load balancer needs that time to notice; then
   * refuses new requests (503), lets running ones finish for `graceMs`, also those whose body is still arriving, aborts and settles the
   * rest, and delivers pending writes. Throws a `TypeError` for a value that is no number from 0 to 3 600 000. @defaultValue drainDelayMs
   * 0, graceMs 10_000
   */
  close(options?: CloseOptions): Promise<void>;
}
