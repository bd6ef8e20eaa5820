import { TollgateError } from '@tollgate/core';
import { type JsonObject, type JsonValue, type WireApi, warnOnce } from '@tollgate/core/internal';
import type { Request } from 'express';
import { type ApiRoute, routeOf } from './api-route.js';

/** The call that a request asks to forward. */
export interface ClientCall {
  readonly api: WireApi;
  readonly model: string | undefined;
  /** The model requested by the client, where a router has chosen `model`. */
  readonly requestedModel?: string | undefined;
  readonly stream: boolean;
  /** Gemini: as server-sent events. */
  readonly sse: boolean;
  /** The declared call's own body object, or a copy of the request's. */
  readonly body: JsonValue;
}

/** Reads a request without reading its body again. Throws the refusal of one that cannot be forwarded. */
export function clientCall(req: Request, stated: WireApi | undefined): ClientCall | 'models' {
  const declared = req.tollgate.calls.declared;
  const route = routeOf(req.method, pathOf(req));
  const api = stated ?? declared?.parsed?.api ?? route?.api;
  if (route?.api === 'models' && req.method === 'GET') return 'models';
  if (api === undefined || api === 'models' || req.method !== 'POST') throw notProxied(req);
  const body = declared ? declared.outgoing.body : copyOf(req);
  if (!isObject(body)) throw invalid('The request needs a JSON object as its body.', 'invalid_json');
  const model = declared?.parsed?.model ?? modelOf(body, route, api);
  return {
    api,
    model,
    stream: declared?.parsed?.stream ?? route?.stream ?? body.stream === true,
    sse: api === 'gemini-generate' && req.query.alt === 'sse',
    body,
  };
}

/** The path as the client sent it, whatever the app has mounted on the way. */
function pathOf(req: Request): string {
  const url = req.originalUrl;
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
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

function modelOf(body: JsonObject, route: ApiRoute | undefined, api: WireApi): string | undefined {
  const stated = route?.api === 'gemini-generate' ? route.model : (body.model ?? route?.model);
  // A response can be made from a prompt that is stored with its model.
  if (typeof stated === 'string' || (stated === undefined && api === 'openai-responses')) return stated;
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
