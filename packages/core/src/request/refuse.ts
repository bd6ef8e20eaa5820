import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response } from 'express';
import { type ErrorFormat, formatError, formatErrorEvent } from '../http/error-format.js';
import { publish } from '../lib/channel.js';
import type { GuardOptions } from '../lib/options.js';
import { accepts, checkOptions } from '../lib/options.js';
import { isTollgateError, TollgateError } from '../lib/tollgate-error.js';
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
  { requestId, caller }: TollgateContext,
  { code, status }: TollgateError,
  shadow: boolean,
): void {
  publish('tollgate:refuse', () => ({
    requestId,
    code,
    status,
    tenant: caller?.tenant,
    keyId: caller?.keyId,
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
  publishRefusal(context, error, false);
  if (options.refusals === 'next') next(error);
  else answerError(req, res, error, options.errorFormat ?? 'auto');
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

/** Options of {@link tollgateErrors}. */
export interface TollgateErrorsOptions {
  /** @defaultValue 'auto' */
  errorFormat?: GuardOptions['errorFormat'];
  /**
   * The handling of errors that are not Tollgate's: pass them to the next handler, or respond with 500 in Tollgate's error format.
   * @defaultValue 'next'
   */
  others?: 'next' | 'answer';
}

/**
 * Express error handler, mounted last: answers a {@link TollgateError}, and, where a handler rethrows the error that an SDK
 * made of a refused call, the refusal itself.
 */
export function tollgateErrors(options: TollgateErrorsOptions = {}): ErrorRequestHandler {
  checkOptions('tollgateErrors', options, {
    errorFormat: accepts.oneOf('auto', 'openai', 'anthropic', 'gemini', 'problem'),
    others: accepts.oneOf('next', 'answer'),
  });
  const format = options.errorFormat ?? 'auto';
  return function tollgateErrorsMiddleware(error: unknown, req, res, next) {
    const refusal = isTollgateError(error) ? error : refusalBehind(error, req);
    if (refusal) answerError(req, res, refusal, format);
    else if (options.others === 'answer') answerError(req, res, internalError(error), format);
    else next(error);
  };
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

/** The refusal behind an SDK's error: it has the same status as the refusal recorded for this request. */
function refusalBehind(error: unknown, req: Request): TollgateError | undefined {
  const refusal = req.tollgate?.refusal;
  return refusal && statusesOf(error).includes(refusal.status) ? refusal : undefined;
}

/** How many levels of nested errors are searched. */
const deepest = 4;

/** The statuses that an error names, or those that it wraps: `status` (OpenAI, Anthropic), `statusCode` (AI SDK), `lastError` (its retries). */
function statusesOf(error: unknown, depth = 0): unknown[] {
  if (typeof error !== 'object' || error === null || depth > deepest) return [];
  const { status, statusCode, cause, lastError } = error as Readonly<Record<string, unknown>>;
  return [status, statusCode, ...statusesOf(lastError, depth + 1), ...statusesOf(cause, depth + 1)];
}

function internalError(cause: unknown): TollgateError {
  return new TollgateError({ status: 500, code: 'internal_error', message: 'The server failed.', cause });
}
