import type { ErrorRequestHandler, Request, Response } from 'express';
import { publish } from '../lib/channel.js';
import { nestedErrors } from '../lib/nested-errors.js';
import { accepts, checkOptions, type GuardOptions } from '../lib/options.js';
import { isTollgateError, TollgateError, type TollgateErrorCode } from '../lib/tollgate-error.js';
import { answerError } from './refuse.js';
import { contextOf } from './request-context.js';

/** An error that a handler threw, with its request. */
export interface HandlerFailure {
  readonly requestId: string;
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** Status of the response. */
  readonly status: number;
  readonly tenant: string | undefined;
  readonly error: unknown;
}

/** Options of {@link tollgateErrors}. */
export interface TollgateErrorsOptions {
  /** @defaultValue 'auto' */
  errorFormat?: GuardOptions['errorFormat'];
  /**
   * The handling of errors that are not Tollgate's. `answer`: the response is a 500 in Tollgate's error format without a message or stack, and the
   * error is reported to `report`; errors of http-errors and body parsers that concern the request (`expose`, 400 to 499) keep their status and
   * message. `next`: they go to the next error handler.
   * @defaultValue 'answer'
   */
  others?: 'next' | 'answer';
  /**
   * Recognises failures of providers in errors that SDKs throw, e.g. `providerFailure` of `@tollgate/upstream`; `tg.errors()` uses it. Returns the
   * error for the client, or `undefined`. @defaultValue none
   */
  classify?: (error: unknown, req: Request) => TollgateError | undefined;
  /**
   * Receives each error of a handler that is answered with a status from 500, and those that `classify` recognises. `false`: none is reported, except
   * on the channel `tollgate:fault`. @defaultValue writes the stack to stderr with the request's id, unless the app's `env` is `test`
   */
  report?: ((failure: HandlerFailure) => void) | false;
}

/**
 * Express error handler, mounted last. Answers a {@link TollgateError}; where a handler rethrows the error that an SDK made of a refused call, the
 * refusal itself; and, unless `others` is `next`, every other error, without its message and stack. Errors that are no refusals are reported on
 * `tollgate:fault` (`source: 'handler'`) and to `report`.
 */
export function tollgateErrors(options: TollgateErrorsOptions = {}): ErrorRequestHandler {
  checkOptions<TollgateErrorsOptions>('tollgateErrors', options, {
    errorFormat: accepts.oneOf('auto', 'openai', 'anthropic', 'gemini', 'problem'),
    others: accepts.oneOf('next', 'answer'),
    classify: accepts.function,
    report: (value) => value === false || typeof value === 'function' || 'a function or false',
  });
  const { errorFormat = 'auto', others = 'answer', classify, report = reportOnStderr } = options;
  return function tollgateErrorsMiddleware(error: unknown, req, res, next) {
    const refusal = isTollgateError(error) ? error : refusalBehind(error, req);
    if (refusal) {
      answerError(req, res, refusal, errorFormat);
      return;
    }
    const failure = classify?.(error, req);
    if (!failure && others === 'next') {
      next(error);
      return;
    }
    const answer = failure ?? requestError(error) ?? internalError(error);
    const isReported = (failure || answer.status >= 500) && !isEndOfClient(error, res);
    if (isReported) reportFailure(error, answer.status, req, res, report);
    answerError(req, res, answer, errorFormat);
  };
}

/** The refusal behind an SDK's error: it has the same status as the refusal recorded for this request. */
function refusalBehind(error: unknown, req: Request): TollgateError | undefined {
  const refusal = req.tollgate?.refusal;
  const matches = nestedErrors(error).some(
    ({ status, statusCode }) => refusal && (status === refusal.status || statusCode === refusal.status),
  );
  return matches ? refusal : undefined;
}

/** A handler whose client has left usually ends with an abort; that is no fault. */
function isEndOfClient(error: unknown, res: Response): boolean {
  const isAbort = nestedErrors(error).some(
    ({ name, constructor: made }) =>
      name === 'AbortError' || (typeof made === 'function' && made.name === 'APIUserAbortError'),
  );
  return isAbort && res.destroyed;
}

function reportFailure(
  error: unknown,
  status: number,
  req: Request,
  res: Response,
  report: Exclude<TollgateErrorsOptions['report'], undefined>,
): void {
  const { requestId, caller } = contextOf(req, res);
  publish('tollgate:fault', () => ({
    source: 'handler',
    requestId,
    tenant: caller?.tenant,
    keyId: caller?.keyId,
    error: error instanceof Error ? error.name : typeof error,
  }));
  if (report === false || (report === reportOnStderr && req.app.get('env') === 'test')) return;
  const [path = ''] = req.originalUrl.split('?', 1);
  try {
    report({ requestId, method: req.method, path, status, tenant: caller?.tenant, error });
  } catch {
    // A logger that throws must not replace the response.
  }
}

/** The default report: the request, then the error's stack and those of its causes, on stderr. Fields are left out: SDKs keep prompts in them. */
function reportOnStderr({ requestId, method, path, status, error }: HandlerFailure): void {
  process.stderr.write(
    `tollgate: request ${requestId} (${method} ${path}) ended with ${status}: ${stackOf(error)}\n`,
  );
}

/** The stacks of an error and its causes. */
export function stackOf(error: unknown): string {
  const stacks = nestedErrors(error).map(({ stack, name, message }) =>
    String(stack ?? `${name}: ${message}`),
  );
  return stacks.length === 0 ? String(error) : stacks.join('\n  caused by ');
}

const codes: Readonly<Record<number, TollgateErrorCode>> = {
  404: 'not_found',
  413: 'request_too_large',
  415: 'unsupported_media_type',
};

/** An error that http-errors or a body parser made for the client: `expose` permits its message to be sent. */
function requestError(error: unknown): TollgateError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { status, statusCode = status, expose, message } = error as Error & Record<string, unknown>;
  if (expose !== true || !Number.isInteger(statusCode)) return undefined;
  const code = Number(statusCode);
  if (code < 400 || code > 499) return undefined;
  return new TollgateError({
    status: code,
    code: codes[code] ?? 'invalid_value',
    message: String(message),
    cause: error,
  });
}

function internalError(cause: unknown): TollgateError {
  return new TollgateError({ status: 500, code: 'internal_error', message: 'The server failed.', cause });
}
