import { type Invalid, makeAnswer } from './answer.js';
import { anthropicMessages } from './anthropic-messages.js';
import { azureOpenAi } from './azure-openai.js';
import {
  azurePromptFiltered,
  BAD_GATEWAY_PAGE,
  type ErrorFacts,
  errorEventJson,
  errorJson,
} from './error-answers.js';
import { gemini } from './gemini.js';
import { isObject, type Json, type JsonObject, stringOf } from './json.js';
import { openAiChat } from './openai-chat.js';
import { openAiEmbeddingsJson, readOpenAiEmbeddings } from './openai-embeddings.js';
import { anthropicModelsJson, openAiModelsJson } from './openai-models.js';
import { openAiResponses, openAiResponsesFailure } from './openai-responses.js';
import { rateLimitHeaders, retryHeaders } from './rate-limit-headers.js';
import { isInvalid } from './read-request.js';
import type { Api, Route } from './route.js';
import type { Script } from './script.js';
import { type Chunk, jsonArrayChunks, reportingTwice, type StreamEvent, sseChunks } from './stream-event.js';
import { NO_USAGE, type TokenUsage } from './token-usage.js';
import type { WireFormat } from './wire-format.js';
import { reportedUsage } from './wrong-usage.js';

/** Everything about an answer before its first byte is sent. */
export interface Plan {
  status: number;
  contentType: string;
  headers: Record<string, string>;
  chunks: Chunk[];
  /** Billed once all of it is generated; undefined: nothing is. */
  usage: TokenUsage | undefined;
  /** Whether the chunks are events of a stream. */
  streamed: boolean;
  model: string | undefined;
  streamAsked: boolean;
}

/** The inputs of a plan. */
export interface PlanInput {
  route: Route;
  url: URL;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Json | undefined;
  bodyBytes: number;
  script: Script;
  /** Makes the ids in the answer. */
  id: string;
  nowMs: number;
  models: readonly string[];
  deployments: Readonly<Record<string, string>>;
}

const FORMATS: { readonly [Name in Api]?: WireFormat } = {
  'openai-chat': openAiChat,
  'openai-responses': openAiResponses,
  'anthropic-messages': anthropicMessages,
  gemini,
  'azure-openai': azureOpenAi,
};

function jsonPlan(input: PlanInput, status: number, json: JsonObject, more: Partial<Plan> = {}): Plan {
  const charset = input.route.family === 'gemini' ? '; charset=UTF-8' : '';
  const chunks = [
    { bytes: Buffer.from(JSON.stringify(json)), tokens: more.usage?.outputTokens ?? 0, usage: undefined },
  ];
  const plan = {
    status,
    contentType: `application/json${charset}`,
    headers: {},
    chunks,
    usage: undefined,
    streamed: false,
    model: undefined,
    streamAsked: false,
  };
  return { ...plan, ...more };
}

/** A refusal or failure with the provider's own body; nothing is billed for it. */
export function errorPlan(input: PlanInput, status: number, facts: ErrorFacts = {}): Plan {
  const { family } = input.route;
  const resetSeconds = input.script.retryAfterSeconds ?? (input.script.retryAfterMs ?? 1000) / 1000;
  const headers = {
    ...(status === 429 ? rateLimitHeaders(family, true, resetSeconds, input.nowMs) : {}),
    ...retryHeaders(input.script),
  };
  const model = isObject(input.body) ? stringOf(input.body.model) : undefined;
  const more = {
    headers,
    model: input.route.pathModel ?? model,
    streamAsked: isObject(input.body) && input.body.stream === true,
  };
  if (status === 502) {
    const chunks = [{ bytes: Buffer.from(BAD_GATEWAY_PAGE), tokens: 0, usage: undefined }];
    return jsonPlan(input, status, {}, { ...more, contentType: 'text/html', chunks });
  }
  return jsonPlan(input, status, errorJson(family, status, { requestId: `req_${input.id}`, ...facts }), more);
}

const refusal = (input: PlanInput, { invalid }: Invalid): Plan => errorPlan(input, 400, invalid);

function embeddingsPlan(input: PlanInput, body: JsonObject): Plan {
  const asked = readOpenAiEmbeddings(body, factsOf(input));
  if (isInvalid(asked)) return refusal(input, asked);
  const inputTokens = input.script.usage?.inputTokens ?? asked.inputTokens;
  const reported = reportedUsage(
    { prompt_tokens: inputTokens, total_tokens: inputTokens },
    input.script.wrongUsage,
  );
  const json = openAiEmbeddingsJson({ ...asked, model: input.script.responseModel ?? asked.model }, reported);
  const plan = jsonPlan(input, 200, json, { usage: { ...NO_USAGE, inputTokens }, model: asked.model });
  return { ...plan, chunks: plan.chunks.map((chunk) => ({ ...chunk, usage: reported })) };
}

const factsOf = ({ route, bodyBytes, deployments }: PlanInput) => ({
  bodyBytes,
  ...(route.pathModel === undefined ? {} : { pathModel: deployments[route.pathModel] ?? route.pathModel }),
  ...(route.pathStream === undefined ? {} : { pathStream: route.pathStream }),
});

/** The events with the script's effects on the whole stream. */
function scripted(
  events: StreamEvent[],
  input: PlanInput,
  failure: (produced: number, sequence: number) => StreamEvent,
): StreamEvent[] {
  const whole = input.script.wrongUsage === 'twice' ? reportingTwice(events) : events;
  const after = input.script.errorEventAfterChunks;
  if (after === undefined) return whole;
  const kept = whole.slice(0, after);
  return [
    ...kept,
    failure(
      kept.reduce((sum, event) => sum + (event.tokens ?? 0), 0),
      kept.length,
    ),
  ];
}

function generationPlan(input: PlanInput, format: WireFormat, body: JsonObject): Plan {
  const { script, route, id } = input;
  const asked = format.read(body, factsOf(input));
  if (isInvalid(asked)) return refusal(input, asked);
  const answer = makeAnswer(asked, script, id, Math.floor(input.nowMs / 1000));
  const common = {
    usage: answer.usage,
    model: asked.model,
    streamAsked: asked.stream,
    headers: rateLimitHeaders(route.family, false, 1, input.nowMs),
  };
  if (!asked.stream) {
    if (script.errorEventAfterChunks !== undefined) return errorPlan(input, 500);
    const { json, usage } = format.json(answer);
    const plan = jsonPlan(input, 200, json, common);
    return { ...plan, chunks: plan.chunks.map((chunk) => ({ ...chunk, usage })) };
  }
  const events = scripted(format.events(answer, script), input, (produced, sequence) =>
    route.api === 'openai-responses'
      ? openAiResponsesFailure(answer, produced, sequence)
      : {
          ...(route.family === 'anthropic' ? { event: 'error' } : {}),
          data: JSON.stringify(errorEventJson(route.family, `req_${id}`)),
        },
  );
  if (route.api === 'gemini' && input.url.searchParams.get('alt') !== 'sse') {
    return jsonPlan(input, 200, {}, { ...common, streamed: true, chunks: jsonArrayChunks(events) });
  }
  const contentType = route.family === 'openai' ? 'text/event-stream; charset=utf-8' : 'text/event-stream';
  return {
    ...common,
    status: 200,
    contentType,
    streamed: true,
    chunks: sseChunks(events, script, answer.obfuscation),
  };
}

/** Decides status, headers and bytes of the answer to a request. */
export function planAnswer(input: PlanInput): Plan {
  const { route, script, body } = input;
  if (script.status !== undefined)
    return errorPlan(input, script.status, script.errorCode === undefined ? {} : { code: script.errorCode });
  if (script.redirectTo !== undefined)
    return jsonPlan(input, 307, {}, { headers: { location: script.redirectTo } });
  if (route.api === 'models') {
    const list = input.headers['anthropic-version'] === undefined ? openAiModelsJson : anthropicModelsJson;
    return jsonPlan(input, 200, list(input.models));
  }
  if (route.api === 'unknown')
    return errorPlan(input, 404, { message: `Invalid URL (${input.url.pathname})`, code: null });
  if (!isObject(body))
    return errorPlan(input, 400, { message: 'We could not parse the JSON body of your request.' });
  if (script.contentFilter === 'prompt' && route.family === 'azure')
    return jsonPlan(input, 400, azurePromptFiltered());
  if (route.api === 'openai-embeddings' || route.api === 'azure-embeddings')
    return embeddingsPlan(input, body);
  const format = FORMATS[route.api];
  return format ? generationPlan(input, format, body) : errorPlan(input, 404);
}
