import {
  contextOf,
  guarded,
  isTollgateError,
  refuse,
  type TollgateContext,
  TollgateError,
} from '@tollgate/core';
import {
  type DeclaredCall,
  drainsOf,
  lostHeadersRefusal,
  type OutgoingRequest,
  runInContext,
  warnOnce,
  whenReady,
} from '@tollgate/core/internal';
import { routeOf, unmeteredRouteOf } from '@tollgate/wire';
import type { Request, RequestHandler } from 'express';
import { makeEngine } from './calls/engine.js';
import { type MeterSettings, RequestMeter } from './calls/request-meter.js';
import { exposeCost } from './cost-header.js';
import { unmeteredRouteError } from './fetch/fetch-errors.js';
import { isMetered, markMetered } from './fetch/metered-contexts.js';
import { labelsOf } from './labels.js';
import { checkMeterOptions, type MeterOptions } from './meter-options.js';
import { tapResponse } from './tap/tap-response.js';

/**
 * Measures the cost of a request's calls to models: the highest possible one before they are sent, and the real one from the provider's
 * report. Reads the parsed body and the caller; writes `req.tollgate.labels`, `fetch`, `record`, `noCall` and the declared call. Refuses
 * with 400 calls without a bound or a price, with 415 bodies that are not JSON.
 */
export function meter(options: MeterOptions = {}): RequestHandler {
  checkMeterOptions(options);
  const install = meterInstaller(options);
  return guarded('meterMiddleware', (req, res, next) => {
    if (options.mode === 'off') return next();
    const context = contextOf(req, res, options.now);
    if (isMetered(context)) {
      warnOnce('TOLLGATE_W_MOUNTED_TWICE', 'meter() ran twice for one request; the second has no effect');
      return next();
    }
    const turnAway = (error: unknown): void => {
      if (!isTollgateError(error)) throw error;
      refuse(req, res, next, error, options);
    };
    let requestMeter: RequestMeter;
    let declared: DeclaredCall | Promise<DeclaredCall> | undefined;
    try {
      requestMeter = install(context);
      context.labels = labelsOf(req, context.caller, options.labels, options.labelHeader);
      if (options.exposeCost && options.mode !== 'shadow') exposeCost(res, context, requestMeter);
      declared = declare(req, context, options);
    } catch (error) {
      return turnAway(error);
    }
    const goAhead = (call: DeclaredCall | undefined): void => {
      if (call && options.tap) tapResponse(req, res, context, requestMeter);
      runInContext(context, next);
    };
    return whenReady(declared, goAhead, turnAway);
  });
}

/** Returns a function that installs the metering of a context's calls. */
export function meterInstaller(options: MeterOptions): (context: TollgateContext) => RequestMeter {
  const now = options.now ?? Date.now;
  const drains = drainsOf(options.maxDrains);
  const settings: MeterSettings = {
    engine: makeEngine(options, now),
    sinks: options.sinks ?? [],
    fetching: options,
    mode: options.mode,
    promptHashSecret: options.promptHashSecret,
    now,
  };
  return (context) => {
    const requestMeter = new RequestMeter(settings, context);
    markMetered(context);
    if (drains) context.calls.drains = drains;
    context.calls.use(requestMeter);
    context.calls.use(requestMeter.writing);
    context.recorder = requestMeter;
    return requestMeter;
  };
}

/** The refusal of a request for a provider's route that costs money and is not metered; `undefined` for any other. */
export function unmeteredRefusal(
  { method, originalUrl: url }: Pick<Request, 'method' | 'originalUrl'>,
  { api, unmetered }: Pick<MeterOptions, 'api' | 'unmetered'> = {},
): TollgateError | undefined {
  const isMetered = api !== undefined || routeOf(url, method) !== undefined;
  const route = isMetered || unmetered === 'allow' ? undefined : unmeteredRouteOf(url, method);
  return route === undefined ? undefined : unmeteredRouteError(route);
}

/** Declares the call that the request's own body is, if it is one. */
function declare(
  req: Request,
  context: TollgateContext,
  options: MeterOptions,
): DeclaredCall | Promise<DeclaredCall> | undefined {
  const { method, originalUrl: url } = req;
  const api = options.api ?? routeOf(url, method)?.api;
  if (req.headers.upgrade?.toLowerCase() === 'websocket') warnOfWebSocket(url);
  if (api === undefined) {
    const refusal = unmeteredRefusal(req, options);
    if (refusal) throw refusal;
    return undefined;
  }
  if (method !== 'POST') return undefined;
  const body: unknown = req.body;
  if (body === undefined || !isJson(req)) throw notParsed(req);
  const outgoing: OutgoingRequest = { method, url, headers: req.headers, body: req.body, api };
  return context.calls.declare(options.dispatch ? options.dispatch(outgoing, context) : outgoing);
}

function warnOfWebSocket(url: string): void {
  const route = unmeteredRouteOf(url, 'GET');
  if (route === undefined) return;
  warnOnce(
    'TOLLGATE_W_WEBSOCKET',
    `meter(): a WebSocket was asked for on the provider route "${route}"; traffic on WebSockets is not metered`,
  );
}

const isJson = (req: Request): boolean =>
  /^application\/(?:[\w.-]+\+)?json\b/i.test(req.headers['content-type'] ?? '');

function notParsed(req: Request): TollgateError {
  const lost = lostHeadersRefusal(req);
  if (lost) return lost;
  if (!isJson(req)) {
    return new TollgateError({
      status: 415,
      code: 'unsupported_media_type',
      message: 'The body must be sent as application/json.',
      param: 'content-type',
      retryAfterMs: false,
    });
  }
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = req.headers;
  if (length === '0' && encoding === undefined) {
    return new TollgateError({
      status: 400,
      code: 'invalid_json',
      message: 'The body is empty.',
      retryAfterMs: false,
    });
  }
  warnOnce(
    'TOLLGATE_W_BODY_NOT_PARSED',
    'meter(): a JSON body was not parsed, so its call cannot be estimated and is refused; mount jsonBody() before meter()',
  );
  return new TollgateError({
    status: 500,
    code: 'internal_error',
    message: 'The server does not read the body of this route.',
    retryAfterMs: false,
  });
}
