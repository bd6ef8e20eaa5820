import { TollgateError } from '@tollgate/core';
import { type JsonObject, type JsonValue, type WireApi, warnOnce } from '@tollgate/core/internal';
import { formatOf, isModelList, type Route, routeOf } from '@tollgate/wire';
import { asksForEvents } from '@tollgate/wire/internal';
import type { Request } from 'express';

/** The call that a request asks to forward. */
export interface ClientCall {
  readonly api: WireApi;
  readonly model: string | undefined;
  /** The model requested by the client, where a router has chosen `model`. */
  readonly requestedModel?: string | undefined;
  readonly stream: boolean;
  /** A stream is one of server-sent events. */
  readonly sse: boolean;
  /** The declared call's own body object, or a copy of the request's. */
  readonly body: JsonValue;
}

/** Reads a request without reading its body again. Throws the refusal of one that cannot be forwarded. */
export function clientCall(req: Request, stated: WireApi | undefined): ClientCall | 'models' {
  const declared = req.tollgate.calls.declared;
  if (isModelList(req.originalUrl, req.method)) return 'models';
  const route = routeOf(req.originalUrl, req.method, { isProxied: true });
  const api = stated ?? declared?.parsed?.api ?? route?.api;
  // The path of a tuned model is none that providers have here.
  if (api === undefined || req.method !== 'POST' || route?.tuned) throw notProxied(req);
  const body = declared ? declared.outgoing.body : copyOf(req);
  if (!isObject(body)) throw invalid('The request needs a JSON object as its body.', 'invalid_json');
  const model = declared?.parsed?.model ?? modelOf(body, route, api);
  return {
    api,
    model,
    stream: declared?.parsed?.stream ?? route?.stream ?? body.stream === true,
    sse: asksForEvents(formatOf(api), queryOf(req)),
    body,
  };
}

/** The query as the client sent it. */
function queryOf({ originalUrl: url }: Request): URLSearchParams {
  const mark = url.indexOf('?');
  return new URLSearchParams(mark === -1 ? '' : url.slice(mark));
}

/** Steps write to the body of a call; the request's own body stays as it is. */
function copyOf(req: Request): JsonValue | undefined {
  const body: JsonValue | undefined = req.body;
  if (body !== undefined) return structuredClone(body);
  if (req.headers['content-length'] !== undefined || req.headers['transfer-encoding'] !== undefined) {
    warnOnce(
      'TOLLGATE_W_BODY_NOT_PARSED',
      'proxy(): the body is not parsed; mount jsonBody() or express.json() before it',
    );
  }
  return undefined;
}

function modelOf(body: JsonObject, route: Route | undefined, api: WireApi): string | undefined {
  const isInPath = route && formatOf(route.api).modelInPath;
  const stated = isInPath ? route.model : (body.model ?? route?.model);
  if (typeof stated === 'string' || (stated === undefined && !formatOf(api).needsModel)) return stated;
  throw invalid('The request needs the name of a model.', 'invalid_value', 'model');
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function invalid(message: string, code: 'invalid_json' | 'invalid_value', param?: string): TollgateError {
  return new TollgateError({ status: 400, code, message, param });
}

function notProxied(req: Request): TollgateError {
  return new TollgateError({
    status: 404,
    code: 'not_found',
    message: `This route is not passed on: ${req.method} on it is no call of a model.`,
  });
}
