import {
  contextOf,
  guarded,
  isTollgateError,
  refuse,
  type TollgateContext,
  type TollgateError,
} from '@tollgate/core';
import { appendRateLimit, jobRunOf, publish, runInContext, warnOnce } from '@tollgate/core/internal';
import type { Request, RequestHandler } from 'express';
import { countAll } from './count-all.js';
import { CountedRequest, giveBack } from './counted-request.js';
import { largerThanLimitError, rateLimitedError, storeUnavailableError } from './errors.js';
import { type LimitStatus, limitStatusOf } from './limit-status.js';
import { anonymousCaller, networkOf } from './network.js';
import { costOf, type RateLimitOptions, type ReadRateLimitOptions, readOptions } from './options.js';
import type { CountedRate } from './rate.js';
import { type RateRegistry, rateRegistry } from './rate-registry.js';
import { StoreDownError } from './store-down-error.js';
import { bindingOf, entriesOf, type RateCount } from './verdict.js';

/** The result of `rateLimit()`: the middleware, and the state of its windows. */
export interface RateLimitMiddleware extends RequestHandler {
  /**
   * The states of the windows of the request's caller, those of the plan and of `limits` that are the caller's own. Counts nothing: a
   * request that was counted on its way here is returned to the counter. Empty without a caller. Rejects where a store gives no result.
   */
  limitStatus(req: Request): Promise<LimitStatus[]>;
}

/** Receives the counts, or the reason why counting was refused. */
type Counted = (counts: readonly RateCount[], failure: TollgateError | undefined) => void;

/**
 * Refuses a request once the requests of its caller's plan, or of a limit of this route, are used up. Reads `caller`; writes the
 * `RateLimit` and `RateLimit-Policy` fields. A deferred request was counted on arrival, and passes when it runs. Counts all windows at
 * once; a refused request is returned to each of them, and so is one that a later guard refuses with 503 because of the server's queue, stores or
 * shutdown. Refuses with 429 `rate_limit_exceeded` (reset within 60 s) or `quota_exceeded`, with 400
 * `request_exceeds_limit` for a request whose `cost` exceeds a limit, with `whenStoreDown: 'closed'` with 503 `store_unavailable`, and with
 * 403 for a plan that is not defined. Throws a `TypeError` at start for a wrong, unknown or missing option.
 */
export function rateLimit(options: RateLimitOptions): RateLimitMiddleware {
  const read = readOptions(options);
  const { mode, skip, now } = read;
  const book = rateRegistry(read);
  const seen = Symbol('counted by this limiter');
  type Seen = Request & { [seen]?: CountedRequest | true };

  const middleware = guarded('rateLimitMiddleware', (req: Seen, res, next) => {
    if (mode === 'off') return next();
    const context = contextOf(req, res);
    if (req[seen]) {
      warnOnce(
        'TOLLGATE_W_MOUNTED_TWICE',
        'rateLimit: the same middleware ran twice for one request; it counted once.',
      );
      return next();
    }
    req[seen] = true;
    if (jobRunOf(req)) return runInContext(context, next);
    const decide: Counted = (counts, failure) => {
      const refusal = failure ?? refusalOf(counts, now());
      if (refusal) void giveBack(counts);
      else req[seen] = context.counted = new CountedRequest(counts, context.counted);
      publishDecision(context, counts, refusal, mode);
      if (mode !== 'shadow') appendRateLimit(res, entriesOf(counts, refusal !== undefined, now()));
      if (refusal) refuse(req, res, next, refusal, options);
      else runInContext(context, next);
    };
    const decideOrFail: Counted = (counts, failure) => {
      try {
        decide(counts, failure);
      } catch (error) {
        next(error);
      }
    };
    const count = (): void => {
      const cost = costOf(read.cost, req);
      if (cost === 0) runInContext(context, next);
      else countRequest(read, book, req, context, cost, decideOrFail, next);
    };
    const skipped = skip?.(req) ?? false;
    if (typeof skipped === 'boolean') return skipped ? runInContext(context, next) : count();
    return skipped.then((yes) => (yes ? runInContext(context, next) : count()));
  });
  return Object.assign(middleware, {
    limitStatus: async (req: Seen): Promise<LimitStatus[]> => {
      const { caller, route } = req.tollgate;
      if (!caller || mode === 'off') return [];
      const counted = req[seen];
      if (counted instanceof CountedRequest) await counted.giveBackOwn();
      return limitStatusOf(book.ratesFor(caller), { caller, route, req });
    },
  });
}

/** Counts a request in the windows of its caller, and passes the counts to `decide`; an error of the app goes to `fail`. */
function countRequest(
  { plans, ipv6Subnet, whenStoreDown }: ReadRateLimitOptions,
  book: RateRegistry,
  req: Request,
  context: TollgateContext,
  cost: number,
  decide: Counted,
  fail: (error: unknown) => void,
): void {
  const { caller } = context;
  let rates: readonly CountedRate[];
  try {
    rates = book.ratesFor(caller);
  } catch (error) {
    if (!isTollgateError(error)) throw error;
    decide([], error);
    return;
  }
  if (!caller && plans) warnOfOrder();
  const exceeded = rates.find(({ quota }) => quota < cost);
  if (exceeded) {
    decide([], largerThanLimitError(exceeded.name, exceeded.quota, cost));
    return;
  }
  const subject = {
    caller: caller ?? anonymousCaller(networkOf(req, ipv6Subnet)),
    route: context.route,
    req,
  };
  const startMs = performance.now();
  countAll(rates, subject, cost, (counts, error) => {
    context.waitedForStoresMs += performance.now() - startMs;
    if (error === undefined) decide(counts, undefined);
    else if (!(error instanceof StoreDownError)) fail(error);
    else decide(counts, whenStoreDown === 'closed' ? storeUnavailableError(error.cause) : undefined);
  });
}

function refusalOf(counts: readonly RateCount[], nowMs: number): TollgateError | undefined {
  const binding = bindingOf(counts);
  if (!binding) return undefined;
  const { rate, count } = binding;
  return rateLimitedError({
    limit: rate.name,
    quota: rate.quota,
    windowMs: rate.windowMs,
    resetsAtMs: count.resetsAtMs,
    nowMs,
  });
}

function publishDecision(
  context: TollgateContext,
  counts: readonly RateCount[],
  refusal: TollgateError | undefined,
  mode: string,
): void {
  publish('tollgate:rate-limit', () => ({
    requestId: context.requestId,
    tenant: context.caller?.tenant,
    keyId: context.caller?.keyId,
    plan: context.caller?.plan,
    outcome: refusal ? 'refused' : 'admitted',
    code: refusal?.code,
    mode,
    limits: counts.map(({ rate, count }) => ({
      name: rate.name,
      quota: rate.quota,
      used: count.used,
      resetsAtMs: count.resetsAtMs,
    })),
  }));
}

function warnOfOrder(): void {
  warnOnce(
    'TOLLGATE_W_ORDER',
    'rateLimit: a request came without a caller, so the strictest plan was counted by network. Mount authenticate() before rateLimit({ plans }).',
  );
}
