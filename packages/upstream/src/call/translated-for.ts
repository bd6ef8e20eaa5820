import type { JsonObject, WireApi } from '@tollgate/core/internal';
import type { AnswerReader, AnswerWriter } from '../translate/answer-reader.js';
import { AnswerTranslation } from '../translate/answer-translation.js';
import { AnthropicAnswerReader } from '../translate/anthropic/answer-reader.js';
import { AnthropicAnswerWriter } from '../translate/anthropic/answer-writer.js';
import { readAnthropicRequest } from '../translate/anthropic/read-request.js';
import { writeAnthropicRequest } from '../translate/anthropic/write-request.js';
import { GeminiAnswerReader } from '../translate/gemini/answer-reader.js';
import { GeminiAnswerWriter } from '../translate/gemini/answer-writer.js';
import { readGeminiRequest } from '../translate/gemini/read-request.js';
import { writeGeminiRequest } from '../translate/gemini/write-request.js';
import type { NeutralRequest } from '../translate/neutral-request.js';
import { OpenAiAnswerReader } from '../translate/openai/answer-reader.js';
import { OpenAiAnswerWriter } from '../translate/openai/answer-writer.js';
import { readOpenAiRequest } from '../translate/openai/read-request.js';
import { writeOpenAiRequest } from '../translate/openai/write-request.js';
import { ResponsesAnswerReader } from '../translate/responses/answer-reader.js';
import { ResponsesAnswerWriter } from '../translate/responses/answer-writer.js';
import { readResponsesRequest } from '../translate/responses/read-request.js';
import { writeResponsesRequest } from '../translate/responses/write-request.js';

/** A request in the format of its provider, and the translation of its response. */
export interface TranslatedCall {
  /** The format of `body`. */
  readonly api: WireApi;
  readonly model: string;
  readonly stream: boolean;
  /** Without an output cap where the client states none. */
  readonly body: JsonObject;
  /** For one attempt: converts its response to the client's format. */
  answer(): AnswerTranslation;
}

/** The request's facts in its path, for formats whose bodies lack them. */
export interface AskedByPath {
  readonly model: string;
  readonly stream: boolean;
}

interface ClientFormat {
  read(body: JsonObject, path: AskedByPath): NeutralRequest;
  /** @param body The client's own. */
  writer(request: NeutralRequest, body: JsonObject): AnswerWriter;
}

interface ProviderFormat {
  write(request: NeutralRequest): JsonObject;
  reader(): AnswerReader;
}

const clients: { readonly [Api in WireApi]?: ClientFormat } = {
  'openai-chat': {
    read: readOpenAiRequest,
    writer: ({ usageInStream }) => new OpenAiAnswerWriter(usageInStream, Date.now),
  },
  'openai-responses': {
    read: readResponsesRequest,
    writer: (_, body) => new ResponsesAnswerWriter(body, Date.now),
  },
  'anthropic-messages': { read: readAnthropicRequest, writer: () => new AnthropicAnswerWriter() },
  'gemini-generate': { read: readGeminiRequest, writer: () => new GeminiAnswerWriter() },
};

const providers: { readonly [Api in WireApi]?: ProviderFormat } = {
  'openai-chat': { write: writeOpenAiRequest, reader: () => new OpenAiAnswerReader() },
  'openai-responses': { write: writeResponsesRequest, reader: () => new ResponsesAnswerReader() },
  'anthropic-messages': { write: writeAnthropicRequest, reader: () => new AnthropicAnswerReader() },
  'gemini-generate': { write: writeGeminiRequest, reader: () => new GeminiAnswerReader() },
};

/**
 * Translates a client's chat request for a provider; `path` contains the facts of Gemini's path: its model, and whether it streams. The
 * target format is the first of `apis` with a translation. `undefined` where there is none. Throws `unsupported_parameter` (400), with the
 * client's name of the field as `param`, for a field that cannot be translated, and `invalid_value` (400) for one that is invalid in the
 * client's own format.
 */
export function translatedFor(
  { apis }: { readonly apis: readonly WireApi[] },
  client: WireApi,
  body: JsonObject,
  path: AskedByPath = { model: '', stream: false },
): TranslatedCall | undefined {
  const api = translatableTo(apis, client);
  const from = clients[client];
  const to = api && providers[api];
  if (!api || !from || !to) return undefined;
  const request = from.read(body, path);
  return {
    api,
    model: request.model,
    stream: request.stream,
    body: to.write(request),
    answer: () => new AnswerTranslation(to.reader(), from.writer(request, body)),
  };
}

/** The first of a provider's formats that a client's requests can be translated to. */
export function translatableTo(apis: readonly WireApi[], client: WireApi): WireApi | undefined {
  return clients[client] && apis.find((api) => api !== client && providers[api]);
}
