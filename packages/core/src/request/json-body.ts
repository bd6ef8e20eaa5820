import type { IncomingMessage } from 'node:http';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { lostHeadersRefusal } from '../http/lost-headers.js';
import { accepts, checkOptions, type GuardOptions, guardChecks } from '../lib/options.js';
import { isTollgateError, TollgateError } from '../lib/tollgate-error.js';
import { warnOnce } from '../lib/warning.js';
import { duplicateKey, hiddenFlaw, measureJson } from './json-structure.js';
import { refuse } from './refuse.js';
import { contextOf } from './request-context.js';
import { runInContext } from './running-context.js';

/** Options of {@link jsonBody}. */
export interface JsonBodyOptions extends Omit<GuardOptions, 'mode'> {
  /** Largest body, as bytes or as text such as `'1mb'`. @defaultValue '1mb' */
  limit?: number | string;
  /** Deepest nesting of arrays and objects. 1 to 1 000. @defaultValue 64 */
  maxDepth?: number;
  /**
   * Most values, those of arrays and objects included: parsing and reading many small ones takes many times as long as their bytes. Raise it
   * for embeddings of token ids. 1 to 10 000 000. @defaultValue 20_000
   */
  maxValues?: number;
  /**
   * Requests whose body may be something other than JSON, which a parser behind the guards reads: uploads by multer, forms. Their bodies are not read
   * and not limited here; JSON bodies are read and checked. Each call that the handler makes is metered and bounded by itself.
   * @defaultValue none
   */
  skip?: (req: Request) => boolean;
  /** The refusal of a body that is not JSON, where more can be said than its content type, e.g. that the route is not offered. @defaultValue 415 */
  notJson?: (req: Request) => TollgateError | undefined;
}

const scanned = Symbol('members of the JSON text');
type Scanned = IncomingMessage & { [scanned]?: { members: number; bytes: Uint8Array } | undefined };

/**
 * `express.json` plus checks that it lacks. Reads the body into `req.body`; refuses other content types than JSON (415), other charsets
 * than UTF-8 (415), bodies that are too large or contain too many values (413), invalid JSON, too deep nesting, a key given twice, a number
 * that is not finite, or the key `__proto__` (400), and requests of which Node has dropped header fields (431).
 */
export function jsonBody(options: JsonBodyOptions = {}): RequestHandler {
  checkOptions<JsonBodyOptions>('jsonBody', options, {
    refusals: guardChecks.refusals,
    errorFormat: guardChecks.errorFormat,
    limit: (value) =>
      accepts.positiveInteger(value) === true ||
      (typeof value === 'string' && /^\d+(?:b|kb|mb)$/i.test(value)) ||
      'a number of bytes or a text such as "1mb"',
    maxDepth: accepts.integerBetween(1, 1000),
    maxValues: accepts.integerBetween(1, 10_000_000),
    skip: accepts.function,
    notJson: accepts.function,
  });
  const { limit = '1mb', maxDepth = 64, maxValues = 20_000 } = options;
  const mostBytes = bytesOf(limit);
  const parse = express.json({
    limit: mostBytes,
    type: () => true,
    verify: (req: Scanned & Pick<Request, 'tollgate'>, _res, bytes, encoding) => {
      req.tollgate.ownTime?.resume();
      if (encoding !== 'utf-8') throw unsupported('charset', `a charset of utf-8, received ${encoding}`);
      const { depth, members, values } = measureJson(bytes, maxDepth, maxValues);
      if (depth > maxDepth) throw invalid(`The body nests more than ${maxDepth} levels deep.`);
      if (values > maxValues) throw tooManyValues(maxValues);
      req[scanned] = { members, bytes };
    },
  });
  return function jsonBodyMiddleware(req: Request & Scanned, res: Response, next: NextFunction) {
    const context = contextOf(req, res);
    const lost = lostHeadersRefusal(req);
    if (lost) {
      refuse(req, res, next, lost, options);
      return;
    }
    if (req.body !== undefined && Object.keys(Object(req.body)).length > 0) {
      warnOnce(
        'TOLLGATE_W_ORDER',
        'jsonBody(): the body was parsed by another parser before, so duplicate keys cannot be seen; mount jsonBody() in its place',
      );
    } else if (hasBody(req) && !isJson(req.headers['content-type'])) {
      if (options.skip?.(req) === true) {
        runInContext(context, next);
        return;
      }
      const refusal =
        options.notJson?.(req) ?? unsupported('content-type', 'a content type of application/json');
      refuse(req, res, next, refusal, options);
      return;
    }
    let isRefused = false;
    const refuseSize = (): void => {
      isRefused = true;
      // The connection is closed without waiting for the rest of the body.
      res.setHeader('Connection', 'close');
      refuse(req, res, next, tooLarge(), options);
    };
    // A body that another parser has read already is under that parser's limit.
    if (req.body === undefined) watchSize(req, mostBytes, refuseSize);
    if (isRefused) return;
    context.ownTime?.pause();
    parse(req, res, (error?: unknown) => {
      if (isRefused) return;
      context.ownTime?.resume();
      // A parser skips the body of a request whose client has left; no response is needed.
      if (error === undefined && req.body === undefined && hasBody(req) && hasLeft(req, res)) return;
      const problem = error === undefined ? hiddenProblem(req) : problemOf(error);
      if (problem) refuse(req, res, next, problem, options);
      else runInContext(context, next);
    });
  };
}

/** `limit` in bytes: a number, or digits with `b`, `kb` or `mb` (1 024 and 1 048 576 bytes). */
function bytesOf(limit: number | string): number {
  if (typeof limit === 'number') return limit;
  const [, digits, unit = 'b'] = /^(\d+)(b|kb|mb)$/i.exec(limit) ?? [];
  return Number(digits) * { b: 1, kb: 1_024, mb: 1_048_576 }[unit.toLowerCase() as 'b' | 'kb' | 'mb'];
}

/** Calls `tell` once if the body is longer than `mostBytes` as sent, by its `content-length` or as its chunks arrive. The parser alone would read all of it before it refuses. */
function watchSize(req: IncomingMessage, mostBytes: number, tell: () => void): void {
  if (Number(req.headers['content-length'] ?? 0) > mostBytes) tell();
  if (req.headers['transfer-encoding'] === undefined) return;
  let bytes = 0;
  const count = (chunk: Uint8Array): void => {
    bytes += chunk.length;
    if (bytes <= mostBytes) return;
    req.off('data', count);
    tell();
  };
  req.on('data', count);
}

function hasBody(req: Request): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

function hasLeft(req: Request, res: Response): boolean {
  return res.destroyed || res.closed || req.destroyed || req.socket?.destroyed === true;
}

function isJson(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(contentType);
}

function hiddenProblem(req: Request & Scanned): TollgateError | undefined {
  const text = req[scanned];
  if (!text) return undefined;
  // Not deleted: that would turn the request into a slow dictionary for everything that follows.
  req[scanned] = undefined;
  const flaw = hiddenFlaw(req.body, text.members);
  if (!flaw) return undefined;
  if (flaw.what === 'number') return invalid('The body has a number that is not finite.');
  const key = flaw.key ?? duplicateKey(Buffer.from(text.bytes).toString());
  const what = flaw.what === 'duplicate' ? 'is given twice' : 'is not allowed';
  return invalid(`The key ${JSON.stringify(key ?? '')} ${what}.`, key);
}

/** The client's error for one of body-parser, whose messages can quote the body. */
function problemOf(error: unknown): TollgateError {
  if (isTollgateError(error)) return error;
  const type = typeof error === 'object' && error !== null && 'type' in error ? String(error.type) : '';
  if (type === 'entity.too.large') return tooLarge();
  if (type === 'charset.unsupported') return unsupported('charset', 'a charset of utf-8');
  if (type === 'encoding.unsupported') return unsupported('content-encoding', 'gzip, deflate, br or none');
  return new TollgateError({
    status: 400,
    code: 'invalid_json',
    message: 'The body is not a JSON object or array.',
    cause: error,
  });
}

function tooLarge(): TollgateError {
  return new TollgateError({
    status: 413,
    code: 'request_too_large',
    message: 'The body is larger than this service accepts.',
    retryAfterMs: false,
  });
}

function tooManyValues(maxValues: number): TollgateError {
  return new TollgateError({
    status: 413,
    code: 'request_too_large',
    message: `The body has more than ${maxValues} values.`,
    retryAfterMs: false,
  });
}

function invalid(message: string, param?: string): TollgateError {
  return new TollgateError({ status: 400, code: 'invalid_json', message, param });
}

function unsupported(param: string, expected: string): TollgateError {
  return new TollgateError({
    status: 415,
    code: 'unsupported_media_type',
    message: `The request needs ${expected}.`,
    param,
  });
}
