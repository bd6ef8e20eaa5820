import { contextOf, guarded, isTollgateError, refuse, type TollgateContext } from '@tollgate/core';
import { type OutgoingRequest, runInContext } from '@tollgate/core/internal';
import type { RequestHandler } from 'express';
import { clientCall } from '../call/client-call.js';
import { Dispatch } from './dispatch.js';
import { forward } from './forward.js';
import { listModels } from './list-models.js';
import { type ProxyOptions, readOptions } from './options.js';

/** The result of {@link proxy}. */
export interface ProxyHandler extends RequestHandler {
  /**
   * For `meter({ dispatch })`, where requests are translated or routed: the call that a request declares is priced and reserved as it will be
   * sent, at the provider that will answer it.
   */
  readonly dispatch: (outgoing: OutgoingRequest, context?: TollgateContext) => OutgoingRequest;
}

/**
 * Responds with the provider's response: sends the call that the request declares to the provider's URL, with the app's key, and streams
 * the response back. Reads `req.tollgate.calls.declared`, or `req.body` where no meter is mounted; the client's headers, path and query are
 * not forwarded. Refuses with `upstream_timeout` (504), `upstream_error` (502), `upstream_unavailable` (503), `upstream_rate_limited`
 * (429), `not_found` (404) and the refusals of the call's steps.
 */
export function proxy(options: ProxyOptions): ProxyHandler {
  const settings = readOptions(options);
  const way = new Dispatch(settings);
  const handler = guarded('proxyMiddleware', async function proxyMiddleware(req, res, next) {
    const context = contextOf(req, res);
    try {
      const { declared } = context.calls;
      const dispatched = declared && way.of(declared.outgoing);
      const asked = dispatched?.asked ?? clientCall(req, settings.api);
      if (asked === 'models') await listModels(req, res, next, settings);
      else await runInContext(context, () => forward(req, res, next, settings, asked, dispatched));
    } catch (error) {
      if (!isTollgateError(error)) throw error;
      refuse(req, res, next, error, settings);
    }
  });
  return Object.assign(handler, { dispatch: way.dispatch });
}
