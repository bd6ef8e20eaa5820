import { TollgateError } from '@tollgate/core';
import type { GuardOptions, JsonObject, OutgoingRequest } from '@tollgate/core/internal';
import { formatOf, type Route, routeOf } from '@tollgate/wire';
import {
  checkFields,
  checkNestedNames,
  invalidValueError,
  isObject,
  OutgoingBody,
  urlWithModel,
} from '@tollgate/wire/internal';
import { type PriceCatalogue, priceCatalogue } from '../prices/price-catalogue.js';
import { textBound } from './estimate-input.js';
import { MeteredCall } from './metered-call.js';
import { checkQuery, modelName } from './model-name.js';
import type { ParseOptions } from './parse-options.js';
import { type ProviderFinder, providerFinder } from './provider-of.js';
import { loadTokenizer } from './token-bound.js';

/** {@link ParseOptions}, read once. */
export interface ParseSettings {
  readonly options: ParseOptions;
  readonly mode: GuardOptions['mode'];
  readonly prices: PriceCatalogue;
  readonly providerOf: ProviderFinder;
  /** The model behind a name on the wire. */
  modelOf(wireName: string): string;
  /** The name on the wire of a model. */
  wireNameOf(model: string): string;
}

/** Reads the options of {@link parseCall}, which were checked with `parseChecks`; starts to load the tokenizer if it is asked for. */
export function parseSettings(
  options: ParseOptions & Pick<GuardOptions, 'mode'>,
  prices: PriceCatalogue = priceCatalogue({ prices: options.prices }),
): ParseSettings {
  if (options.inputBound === 'tokens') void loadTokenizer();
  const models = new Map(Object.entries(options.models ?? {}));
  const wireNames = new Map([...models].map(([wireName, model]) => [model, wireName]));
  return {
    options,
    mode: options.mode,
    prices,
    providerOf: providerFinder(options),
    modelOf: (wireName) => models.get(wireName) ?? wireName,
    wireNameOf: (model) => wireNames.get(model) ?? model,
  };
}

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
  checkNestedNames(body, text);
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
