import {
  appendRateLimit,
  type Caller,
  contextOf,
  guarded,
  isTollgateError,
  publish,
  refuse,
  runInContext,
  type TollgateContext,
  type TollgateError,
  warnOnce,
} from '@tollgate/core';
import type { Request, RequestHandler } from 'express';
import { anonymousCaller, networkOf } from './network.js';
import { type RateLimitOptions, type ReadRateLimitOptions, readOptions } from './options.js';
import type { CountedRate } from './rate.js';
import { type RateBook, rateBook } from './rate-book.js';
import { rateLimitedError, storeUnavailableError } from './rate-limited-error.js';
import { StoreDownError } from './store-down-error.js';
import { bindingOf, entriesOf, type RateCount } from './verdict.js';

/**
 * Refuses a request once the requests of its caller's plan, or of a limit of this route, are used up. Reads `caller`; writes the
 * `RateLimit` and `RateLimit-Policy` fields. Counts all windows at once; a refused request is given back to each of them.
 * Refuses with 429 `rate_limit_exceeded` (reset within 60 s) or `quota_exceeded`, with 503 `store_unavailable` where told so, and with 403
 * for a plan that is not defined. Throws a `TypeError` at start for a wrong, unknown or missing option.
 */
export function rateLimit(options: RateLimitOptions): RequestHandler {
  const read = readOptions(options);
  const { mode, skip, now } = read;
  if (mode === 'off')
    return function rateLimitMiddleware(_req, _res, next) {
      next();
    };
  const book = rateBook(read);
  const seen = new WeakSet<Request>();

  return guarded('rateLimitMiddleware', async (req, res, next) => {
    const context = contextOf(req, res);
    if (seen.has(req)) {
      warnOnce(
        'TOLLGATE_W_MOUNTED_TWICE',
        'rateLimit: the same middleware ran twice for one request; it counted once.',
      );
      return next();
    }
    seen.add(req);
    if (skip && (await skip(req))) return runInContext(context, next);
    let refusal: TollgateError | undefined;
    const counts: RateCount[] = [];
    try {
      await countAll(read, book, req, context, counts);
      refusal = refusalOf(counts, now());
    } catch (error) {
      if (error instanceof StoreDownError) refusal = storeUnavailableError(error.cause);
      else if (isTollgateError(error)) refusal = error;
      else throw error;
    }
    if (refusal) for (const { count } of counts) count.limiter.giveBack(count);
    publishDecision(context, counts, refusal, mode);
    if (mode === 'shadow') return runInContext(context, next);
    appendRateLimit(res, entriesOf(counts, refusal !== undefined, now()));
    if (refusal) refuse(req, res, next, refusal, options);
    else runInContext(context, next);
  });
}

/** Counts a request in every window at once; what was counted is in `counts` also where one of them failed. */
async function countAll(
  { plans, ipv6Subnet, whenStoreDown }: ReadRateLimitOptions,
  book: RateBook,
  req: Request,
  context: TollgateContext,
  counts: RateCount[],
): Promise<void> {
  const rates = book.ratesFor(context.caller);
  if (!context.caller && plans) warnOfOrder();
  const caller: Caller = context.caller ?? anonymousCaller(networkOf(req, ipv6Subnet));
  const subject = { caller, route: context.route, req };
  const counting = rates
    .map((rate) => ({ rate, key: rate.keyFor(subject) }))
    .map(({ rate, key }) => countOne(rate, key));
  let down: unknown;
  for (const one of await Promise.allSettled(counting)) {
    if (one.status === 'fulfilled') counts.push(one.value);
    else if (one.reason instanceof StoreDownError) down = one.reason;
    else throw one.reason;
  }
  if (down && whenStoreDown === 'closed') throw down;
}

async function countOne(rate: CountedRate, key: string): Promise<RateCount> {
  return { rate, count: await rate.limiter.count(key, rate.quota) };
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
