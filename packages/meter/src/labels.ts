import { type Caller, contextOf, guarded, TollgateError } from '@tollgate/core';
import { accepts, describeValue, type OptionCheck } from '@tollgate/core/internal';
import type { Request, RequestHandler } from 'express';

/** Labels, or how to read them off a request. Names and values are ASCII of at most 64 and 128 characters; 16 at most. */
export type Labels = Readonly<Record<string, string>> | ((req: Request) => Readonly<Record<string, string>>);

/** Which callers may label their own requests, and where. */
export interface LabelHeader {
  /** The scope that a caller needs; the header of others is ignored. */
  scope: string;
  /** Name of the header: a structured dictionary (RFC 9651), `feature=chat, job="nightly run"`. @defaultValue 'x-tollgate-labels' */
  name?: string;
}

const mostLabels = 16;
const labelName = /^[A-Za-z0-9_*.-]{1,64}$/;
const labelValue = /^[\x20-\x7e]{0,128}$/;

const acceptsRecord = (value: unknown): boolean =>
  accepts.object(value) === true &&
  Object.entries(Object(value)).length <= mostLabels &&
  Object.entries(Object(value)).every(
    ([name, text]) => labelName.test(name) && typeof text === 'string' && labelValue.test(text),
  );

/** Checks an option that holds labels. */
export const acceptsLabels: OptionCheck = (value) =>
  typeof value === 'function' ||
  acceptsRecord(value) ||
  `an object of at most ${mostLabels} short texts by name, or a function that returns one`;

/** Checks the option for the callers that may label their requests. */
export const acceptsLabelHeader: OptionCheck = (value) => {
  const { scope, name, ...others } = Object(value);
  const known = Object.keys(others).length === 0;
  const named = name === undefined || (typeof name === 'string' && /^[a-z0-9-]{1,64}$/.test(name));
  return (known && named && accepts.string(scope) === true) || "an object such as { scope: 'labels' }";
};

/**
 * Labels the requests of a route: `app.post('/summarize', labels({ feature: 'summarize' }), handler)`. They win over the
 * app's and the client's, and give way to those of the verified caller. Writes `req.tollgate.labels`.
 */
export function labels(route: Labels): RequestHandler {
  const verdict = acceptsLabels(route);
  if (verdict !== true)
    throw new TypeError(`labels: labels must be ${verdict}, received ${describeValue(route)}`);
  return guarded('labelsMiddleware', (req, res, next) => {
    const context = contextOf(req, res);
    context.labels = { ...context.labels, ...readLabels(route, req), ...context.caller?.labels };
    next();
  });
}

/** The labels of an incoming request: header < app < verified caller. A route's labels are added later. */
export function labelsOf(
  req: Request,
  caller: Caller | undefined,
  app: Labels | undefined,
  header: LabelHeader | undefined,
): Readonly<Record<string, string>> {
  const own = header && caller?.scopes.includes(header.scope) ? fromHeader(req, header) : undefined;
  if (!own && !app) return caller?.labels ?? none;
  return { ...own, ...(app && readLabels(app, req)), ...caller?.labels };
}

const none: Readonly<Record<string, string>> = Object.freeze({});

function readLabels(from: Labels, req: Request): Readonly<Record<string, string>> {
  if (typeof from !== 'function') return from;
  const read = from(req);
  if (!acceptsRecord(read)) throw new TypeError(`labels: the function returned ${describeValue(read)}`);
  return read;
}

const member =
  /\s*([a-z*][a-z0-9_*.-]{0,63})=(?:"((?:[ !#-[\]-~]|\\["\\]){0,128})"|([A-Za-z*][\w!#$%&'*+.^`|~:/-]{0,127}))\s*(?:,|$)/y;

/** Reads a dictionary of strings and tokens. @throws TollgateError 400 for anything else. */
function fromHeader(req: Request, { name = 'x-tollgate-labels' }: LabelHeader): Record<string, string> {
  const text = String(req.headers[name] ?? '');
  const read: Record<string, string> = {};
  member.lastIndex = 0;
  for (let count = 0; member.lastIndex < text.length; count += 1) {
    const [, key = '', quoted, token = ''] = member.exec(text) ?? [];
    if (key === '' || count === mostLabels) throw malformed(name);
    read[key] = quoted === undefined ? token : quoted.replaceAll(/\\(.)/g, '$1');
  }
  return read;
}

function malformed(header: string): TollgateError {
  return new TollgateError({
    status: 400,
    code: 'invalid_value',
    param: header,
    message: `The header ${header} must be a dictionary of at most ${mostLabels} labels, such as feature=chat, job="nightly".`,
    retryAfterMs: false,
  });
}
