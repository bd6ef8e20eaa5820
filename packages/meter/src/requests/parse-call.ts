import { TollgateError } from '@tollgate/core';
import type { JsonObject, OutgoingRequest } from '@tollgate/core/internal';
import { formatOf, type Route, routeOf } from '@tollgate/wire';
import {
  checkFields,
  checkNestedNames,
  invalidValueError,
  isObject,
  OutgoingBody,
  urlWithModel,
} from '@tollgate/wire/internal';
import { textBound } from './estimate-input.js';
import { MeteredCall } from './metered-call.js';
import { checkQuery, modelName } from './model-name.js';
import type { ParseSettings } from './parse-settings.js';

/**
 * Parses the request that a transport is about to send, and bounds its cost. `undefined` where the URL is no metered API.
 *
 * The outgoing body is not written to: changes go into a copy, which is serialised once and sent. @throws TollgateError 400 `invalid_json`,
 * `invalid_value`, `unsupported_parameter` or `model_not_priced`, with the wrong field as `param`.
 */
export function parseCall(outgoing: OutgoingRequest, settings: ParseSettings): MeteredCall | undefined {
  const found = routeOf(outgoing.url, outgoing.method);
  const match: Route | undefined = found ?? (outgoing.api && { api: outgoing.api });
  if (!match) return undefined;
  const { options } = settings;
  const { body } = outgoing;
  if (!isObject(body)) throw notAnObject();
  checkQuery(outgoing.url);
  const format = formatOf(match.api);
  const provider = settings.providerOf(outgoing, match);
  const requestedModel = modelName(match.model ?? body.model, provider);
  if (format.modelInPath) checkModelField(body.model, requestedModel);
  checkFields(format.fields, body, options);
  const own = outgoingBody(body, ['model', ...format.request.changeable]);
  const text = own.toString();
  checkNestedNames(body);
  const read = format.request.read(body, options, text);
  const facts = match.stream === undefined ? read : { ...read, stream: match.stream };
  format.request.complete?.(own, facts);
  if (settings.mode !== 'shadow') format.request.prepare?.(own, facts, options, provider);
  return new MeteredCall(
    {
      api: match.api,
      format,
      provider,
      requestedModel,
      facts,
      body: own,
      asked: body,
      text: textBound(body, text, facts, provider, options),
      url: outgoing.url,
      modelInBody: match.model === undefined,
      urlFor: (wireName) => urlWithModel(outgoing.url, match, wireName),
    },
    settings,
  );
}

/** Where the format takes the model from the path, another one in the body must not be priced instead of it, nor sent. */
function checkModelField(inBody: unknown, inPath: string): void {
  if (inBody === undefined || inBody === inPath || inBody === `models/${inPath}`) return;
  throw invalidValueError('model', 'the model of the path', inBody);
}

/** A body that is nested too deeply to be serialised is the client's error. */
function outgoingBody(body: JsonObject, changeable: readonly string[]): OutgoingBody {
  try {
    return new OutgoingBody(body, changeable);
  } catch (error) {
    if (error instanceof RangeError) throw notAnObject('The body is nested too deeply.');
    throw error;
  }
}

function notAnObject(message = 'The body must be a JSON object.'): TollgateError {
  return new TollgateError({
    status: 400,
    code: 'invalid_json',
    message,
    retryAfterMs: false,
  });
}
