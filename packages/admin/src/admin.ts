import { answerError, isTollgateError, jsonBody, TollgateError } from '@tollgate/core';
import { lostHeadersRefusal } from '@tollgate/core/internal';
import { type NextFunction, type Request, type Response, Router } from 'express';
import { invalid, notFound } from './api/errors.js';
import { openApi } from './api/open-api.js';
import type { AdminRoute } from './api/route.js';
import { Services } from './api/services.js';
import { ChangeStream } from './http/changes.js';
import { handle, tollgateErrorOf } from './http/handle.js';
import { identify, identityOf } from './http/identities.js';
import { crossOriginRefusal } from './http/same-origin.js';
import { LiveCounts } from './live/live-counts.js';
import { type AdminOptions, readOptions } from './options.js';
import { financeRoutes } from './routes/finance.js';
import { incidentRoutes } from './routes/incidents.js';
import { keyRoutes } from './routes/keys.js';
import { limitRoutes } from './routes/limits.js';
import { liveRoutes } from './routes/live.js';
import { operationRoutes } from './routes/operations.js';
import { overviewRoutes } from './routes/overview.js';
import { reconciliationRoutes } from './routes/reconciliation.js';
import { switchRoutes } from './routes/switch.js';
import { tenantRoutes } from './routes/tenants.js';
import { usageRoutes } from './routes/usage.js';

/** The router of {@link admin}. */
export interface AdminRouter extends Router {
  /** Stops counting, and ends connected pages. */
  close(): void;
}

/** Every route of the API. */
export const adminRoutes: readonly AdminRoute[] = Object.freeze([
  ...overviewRoutes,
  ...tenantRoutes,
  ...keyRoutes,
  ...limitRoutes,
  ...usageRoutes,
  ...liveRoutes,
  ...operationRoutes,
  ...incidentRoutes,
  ...switchRoutes,
  ...financeRoutes,
  ...reconciliationRoutes,
]);

/** Of the OpenAPI document; raised with every change of the API. */
const apiVersion = '1.1.0';

/**
 * A router with the operators' JSON API: `app.use('/admin', admin({ tg, authorize }))`. Reads the app's ledger, registry, counters and switch;
 * writes keys, limits and the switch in the caller's name, with an entry in the audit trail. Refuses with 401 who is not known to
 * `authorize`, with 403 whose role or tenant does not allow it, and writes that come from pages of another origin or are not JSON. Throws
 * a `TypeError` for a wrong, unknown or missing option.
 */
export function admin(options: AdminOptions): AdminRouter {
  const { tg, authorize, ...settings } = readOptions(options);
  const live = new LiveCounts(settings.now);
  const changes = new ChangeStream();
  const services = new Services(tg, live, settings);
  const document = openApi(adminRoutes, apiVersion);
  const router = Router();

  router.use(function adminAccess(req, res, next) {
    res.setHeader('cache-control', 'no-store');
    res.setHeader('x-content-type-options', 'nosniff');
    const lost = lostHeadersRefusal(req);
    const work = lost ? Promise.reject(lost) : identify(req, authorize);
    work.then(
      () => next(),
      (error: unknown) => answerError(req, res, tollgateErrorOf(error), 'openai'),
    );
  });
  router.get('/openapi.json', (_req, res) => void res.json(document));
  router.get('/events', (req, res) => {
    try {
      changes.connect(req, res, identityOf(req));
    } catch (error) {
      answerError(req, res, tollgateErrorOf(error), 'openai');
    }
  });
  const body = jsonBody({ limit: '10mb', maxValues: 1_000_000, refusals: 'next', errorFormat: 'openai' });
  router.use((req, res, next) => {
    if (req.method !== 'POST') return next();
    const refusal = changeRefusal(req);
    if (refusal) return answerError(req, res, refusal, 'openai');
    body(req, res, next);
  });
  for (const route of adminRoutes) {
    router[route.method](route.path.replace(/\{(\w+)\}/g, ':$1'), handle(route, services));
  }
  router.use((req, res) => answerError(req, res, notFound('There is no such route.'), 'openai'));
  router.use((error: unknown, req: Request, res: Response, next: NextFunction) => {
    const { status }: { status?: unknown } = Object(error);
    if (isTollgateError(error)) answerError(req, res, error, 'openai');
    else if (Number(status) >= 400 && Number(status) < 500) answerError(req, res, unreadable(), 'openai');
    else next(error);
  });
  return Object.assign(router, {
    close: () => {
      live.end();
      changes.end();
    },
  });
}

/** E.g. a path with a broken escape: Express would answer it with a page of its own. */
const unreadable = (): TollgateError =>
  invalid(undefined, 'The path or body of this request cannot be read.');

/** Of a change that no page of another origin can make a browser send. */
function changeRefusal(req: Request): TollgateError | undefined {
  const refusal = crossOriginRefusal(req);
  if (refusal || /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(req.headers['content-type'] ?? ''))
    return refusal;
  return new TollgateError({
    status: 415,
    code: 'unsupported_media_type',
    message: 'Changes need the content type application/json, also without a body.',
    param: 'content-type',
    retryAfterMs: false,
  });
}
