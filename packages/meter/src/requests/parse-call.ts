import { TollgateError } from '@tollgate/core';
import type { GuardOptions, JsonObject, OutgoingRequest, WireApi } from '@tollgate/core/internal';
import { textBound } from '../estimate-input.js';
import { type PriceCatalogue, priceCatalogue } from '../prices/price-catalogue.js';
import { loadTokenizer } from '../token-bound.js';
import { anthropicMessages } from './anthropic-messages.js';
import { type ApiMatch, apiOf } from './api-path.js';
import { geminiGenerate } from './gemini-generate.js';
import { isObject } from './json.js';
import { checkFields, checkNestedNames } from './known-fields.js';
import { MeteredCall } from './metered-call.js';
import { checkQuery, modelName } from './model-name.js';
import { urlWithModel } from './model-url.js';
import { openaiChat } from './openai-chat.js';
import { openaiEmbeddings } from './openai-embeddings.js';
import { openaiResponses } from './openai-responses.js';
import { OutgoingBody } from './outgoing-body.js';
import type { ParseOptions } from './parse-options.js';
import { type ProviderFinder, providerFinder } from './provider-of.js';
import { invalidValueError } from './refusals.js';
import type { WireFormat } from './wire-format.js';

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

const formats: Readonly<Record<WireApi, WireFormat>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'openai-embeddings': openaiEmbeddings,
  'anthropic-messages': anthropicMessages,
  'gemini-generate': geminiGenerate,
};

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
  const found = apiOf(outgoing.url, outgoing.method);
  const match: ApiMatch | undefined = found ?? (outgoing.api && { api: outgoing.api });
  if (!match) return undefined;
  const { options } = settings;
  const { body } = outgoing;
  if (!isObject(body)) throw notAnObject();
  checkQuery(outgoing.url);
  const provider = settings.providerOf(outgoing, match);
  const requestedModel = modelName(match.model ?? body.model, provider);
  if (match.api === 'gemini-generate') checkModelField(body.model, requestedModel);
  checkFields(match.api, body, options);
  const format = formats[match.api];
  const own = outgoingBody(body, ['model', ...format.changeable]);
  const text = own.toString();
  checkNestedNames(body, text);
  const read = format.read(body, options, text);
  const facts = match.stream === undefined ? read : { ...read, stream: match.stream };
  format.complete?.(own, facts);
  if (settings.mode !== 'shadow') format.prepare?.(own, facts, options, provider);
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

/** Gemini takes the model from the path; another one in the body must not be priced instead of it, nor sent. */
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
