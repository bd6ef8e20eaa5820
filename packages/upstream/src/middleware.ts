import { contextOf, guarded, isTollgateError, refuse, runInContext } from '@tollgate/core';
import type { RequestHandler } from 'express';
import { askedCall } from './asked-call.js';
import { listModels } from './list-models.js';
import { type ProxyOptions, readOptions } from './options.js';
import { passOn } from './pass-on.js';

/**
 * Answers with what a provider says: sends the call that the request declares to the provider's own URL, with the app's own key,
 * and streams the answer back. Reads `req.tollgate.calls.declared`, or `req.body` where no meter is mounted; the client's headers,
 * path and query go nowhere. Refuses with `upstream_timeout` (504), `upstream_error` (502), `upstream_unavailable` (503),
 * `upstream_rate_limited` (429), `not_found` (404) and what the steps of the call refuse with.
 */
export function proxy(options: ProxyOptions): RequestHandler {
  const settings = readOptions(options);
  return guarded('proxyMiddleware', async function proxyMiddleware(req, res, next) {
    const context = contextOf(req, res);
    try {
      const asked = askedCall(req, settings.api);
      if (asked === 'models') await listModels(req, res, next, settings);
      else await runInContext(context, () => passOn(req, res, next, settings, asked));
    } catch (error) {
      if (!isTollgateError(error)) throw error;
      refuse(req, res, next, error, settings);
    }
  });
}
