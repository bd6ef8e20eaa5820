import { contextOf, guarded, type TollgateContext } from '@tollgate/core';
import { runInContext, warnOnce, whenReady } from '@tollgate/core/internal';
import type { RequestHandler } from 'express';
import { type CacheOptions, readOptions } from './options.js';
import { RequestCache } from './request-cache.js';

/** The result of {@link cache}. */
export interface CacheMiddleware extends RequestHandler {
  /** For calls without an HTTP request: `runWith(caller, run, { steps: (context) => cached.attach(context) })`, before the budget. */
  attach(context: TollgateContext): void;
}

/**
 * Answers model calls that its tenant has paid for before, and keeps the answers of others. Mounted after `meter()` and before `budget()`.
 * Reads `caller`, `calls.declared` and the header `cache-control`; writes the calls' `cached` and `replays`, and `x-tollgate-cache`. The answer
 * is given where the call would be sent, by `proxy()` or a metered `fetch`, so that whatever guards the route has been asked. Refuses nothing; a
 * store that fails is a miss. Throws a `TypeError` for a wrong or unknown option.
 */
export function cache(options: CacheOptions = {}): CacheMiddleware {
  const settings = readOptions(options);
  const install = (context: TollgateContext): RequestCache => {
    const cached = new RequestCache(settings, context);
    for (const step of cached.steps()) context.calls.use(step);
    return cached;
  };
  const middleware = guarded('cacheMiddleware', (req, res, next) => {
    if (settings.mode === 'off') return next();
    const context = contextOf(req, res);
    const { calls } = context;
    if (calls.has('cache')) {
      warnOnce('TOLLGATE_W_MOUNTED_TWICE', 'cache() ran twice for one request; the second has no effect');
      return next();
    }
    if (!calls.has('meter') || calls.has('budget')) {
      warnOnce(
        'TOLLGATE_W_ORDER',
        'cache() must run after meter(), which says what a call is, and before budget(), which holds what it may cost',
      );
    }
    const cached = install(context);
    const goAhead = (): void => {
      if (!calls.finished) runInContext(context, next);
    };
    return whenReady(calls.declared && cached.lookUp(calls.declared), goAhead);
  });
  return Object.assign(middleware, {
    attach: (context: TollgateContext): void => {
      if (settings.mode !== 'off') install(context);
    },
  });
}
