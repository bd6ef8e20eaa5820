import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { type ErrorFormat, formatError, formatErrorEvent } from '../http/error-format.js';
import { publish } from '../lib/channel.js';
import type { GuardOptions } from '../lib/options.js';
import type { TollgateError } from '../lib/tollgate-error.js';
import type { TollgateContext } from './context.js';
import { contextOf } from './request-context.js';
import { runInContext } from './running-context.js';

/**
 * `mode` of every guard, in one place: throws `error`; in shadow mode publishes it on `tollgate:refuse` with `shadow: true` instead, and returns, so that the
 * request continues. Guards see a request and its calls, and would refuse only one of them: each code is published once for each request.
 */
export function refuseOrShadow(
  context: TollgateContext,
  error: TollgateError,
  mode: GuardOptions['mode'],
): void {
  if (mode !== 'shadow') throw error;
  context.shadowRefusals ??= new Set();
  const { size } = context.shadowRefusals;
  if (context.shadowRefusals.add(error.code).size > size) publishRefusal(context, error, true);
}

function publishRefusal(
  { requestId, caller, calls }: TollgateContext,
  { code, status }: TollgateError,
  shadow: boolean,
): void {
  publish('tollgate:refuse', () => ({
    requestId,
    code,
    status,
    tenant: caller?.tenant,
    keyId: caller?.keyId,
    estimateNanoUsd: calls.declared?.parsed?.estimate.costNanoUsd,
    ...(shadow && { shadow }),
  }));
}

/**
 * Refuses a request for a guard, by its options. Sets `context.refusal`, publishes `tollgate:refuse`, and writes the response, or calls `next(error)` with
 * `refusals: 'next'`. In a stream that has begun it writes an error event and ends the stream. A request that may wait is deferred instead
 * where it will be admitted later. In shadow mode the request continues: see {@link refuseOrShadow}.
 */
export function refuse(
  req: Request,
  res: Response,
  next: NextFunction,
  error: TollgateError,
  options: Pick<GuardOptions, 'mode' | 'refusals' | 'errorFormat'> = {},
): void {
  const context = contextOf(req, res);
  if (options.mode === 'shadow') {
    refuseOrShadow(context, error, options.mode);
    if (!context.calls.finished) runInContext(context, next);
    return;
  }
  const { deferral } = context;
  if (deferral && error.deferUntilMs !== undefined && !res.headersSent) {
    context.deferral = undefined;
    deferral(error);
    return;
  }
  context.refusal ??= error;
  returnUnserved(context, error);
  publishRefusal(context, error, false);
  if (options.refusals === 'next') next(error);
  else answerError(req, res, error, options.errorFormat ?? 'auto');
}

/** Refusals for which the server is the reason: its queue, its stores, its start or end. */
const unserved: ReadonlySet<string> = new Set([
  'queue_full',
  'queue_timeout',
  'store_unavailable',
  'budget_unverifiable',
  'shutting_down',
]);

/** A request that the server could not serve does not count against the caller's rate limits. */
function returnUnserved(context: TollgateContext, { status, code }: TollgateError): void {
  if (status !== 503 || !unserved.has(code)) return;
  context.counted?.giveBack();
}

/** Writes an error as the response: status, headers and body, or the last event of a running stream. */
export function answerError(
  req: Request,
  res: Response,
  error: TollgateError,
  format: ErrorFormat | 'auto',
): void {
  const context = contextOf(req, res);
  const shape = format === 'auto' ? errorFormatOf(req) : format;
  returnUnserved(context, error);
  if (res.writableEnded || res.destroyed) return;
  if (res.headersSent) {
    if (String(res.getHeader('content-type') ?? '').startsWith('text/event-stream')) {
      res.end(formatErrorEvent(error, shape, context.requestId));
    } else res.destroy();
    return;
  }
  const { contentType, body } = formatError(error, shape, context.requestId);
  res.status(error.status);
  for (const [name, value] of Object.entries(error.headers)) res.setHeader(name, value);
  res.setHeader('Content-Type', contentType);
  res.setHeader('Cache-Control', 'no-store');
  res.end(body);
}

/** In whose shape this client expects its errors: by `anthropic-version`, then by path. */
export function errorFormatOf(req: Request): ErrorFormat {
  if (req.headers['anthropic-version'] !== undefined) return 'anthropic';
  const path = req.originalUrl;
  // OpenAI's assistants have messages, too.
  if (/\/messages(?:\/|\?|$)/i.test(path))
    return /\/threads\/[^/]+\/messages/i.test(path) ? 'openai' : 'anthropic';
  return /\/(?:tuned)?models\/[^/?]+:/i.test(path) ? 'gemini' : 'openai';
}

/** Turns an asynchronous guard into a handler whose faults reach `next(error)`: Express 4 does not catch rejections. */
export function guarded(
  name: string,
  guard: (req: Request, res: Response, next: NextFunction) => Promise<void> | void,
): RequestHandler {
  const handler: RequestHandler = (req, res, next) => {
    try {
      const waiting = guard(req, res, next);
      if (waiting) waiting.catch(next);
    } catch (error) {
      next(error);
    }
  };
  Object.defineProperty(handler, 'name', { value: name });
  return handler;
}
