import { type Answer, type Asked, type Choice, type Invalid, shownTokens, textOfChoice } from './answer.js';
import { countInputTokens } from './input-tokens.js';
import { fieldOf, type Json, type JsonObject, listOf, stringOf, textOf } from './json.js';
import {
  invalid,
  isInvalid,
  openAiToolChoice,
  openAiTools,
  readCap,
  readCount,
  readModel,
} from './read-request.js';
import type { StreamEvent } from './stream-event.js';
import type { JsonAnswer, RequestFacts, WireFormat } from './wire-format.js';

const FINISH = { stop: 'stop', length: 'length', tool: 'tool_calls', filter: 'content_filter' } as const;
const SYSTEM_FINGERPRINT = 'fp_simulated';

/** Reads the body of POST /v1/chat/completions. */
export function readOpenAiChat(body: JsonObject, facts: RequestFacts): Asked | Invalid {
  const model = readModel(body, facts.pathModel);
  if (isInvalid(model)) return model;
  const messages = listOf(body.messages);
  if (messages.length === 0)
    return invalid(
      "Invalid type for 'messages': expected an array of objects, at least one.",
      'messages',
      'invalid_type',
    );
  const cap = readCap(body, ['max_completion_tokens', 'max_tokens']);
  if (isInvalid(cap)) return cap;
  const n = readCount(body.n, 'n');
  if (isInvalid(n)) return n;
  const lastUser = messages.findLast((message) => fieldOf(message, 'role') === 'user');
  return {
    model,
    stream: body.stream === true,
    includeUsage: fieldOf(body.stream_options, 'include_usage') === true,
    includeObfuscation: fieldOf(body.stream_options, 'include_obfuscation') === true,
    cap,
    n,
    prompt: textOf(fieldOf(lastUser, 'content')),
    lastIsUser: fieldOf(messages.at(-1), 'role') === 'user',
    tools: openAiTools(body.tools),
    toolChoice: openAiToolChoice(body.tool_choice),
    outputSchema: fieldOf(fieldOf(body.response_format, 'json_schema'), 'schema'),
    serviceTier: stringOf(body.service_tier),
    speed: undefined,
    inputTokens: countInputTokens(
      [body.messages, body.tools, body.response_format],
      messages.length,
      facts.bodyBytes,
    ),
  };
}

/** `usage` of chat completions, true to the answer. */
function openAiChatUsage({ usage }: Answer): JsonObject {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cachedInputTokens,
      audio_tokens: usage.inputAudioTokens,
      ...(usage.cacheWriteTokens > 0 ? { cache_write_tokens: usage.cacheWriteTokens } : {}),
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: usage.outputAudioTokens,
      accepted_prediction_tokens: usage.acceptedPredictionTokens,
      rejected_prediction_tokens: usage.rejectedPredictionTokens,
    },
  };
}

const tierOf = (answer: Answer): string =>
  answer.serviceTier === undefined || answer.serviceTier === 'auto' ? 'default' : answer.serviceTier;

function message(choice: Choice): JsonObject {
  const call = choice.toolCall;
  return {
    role: 'assistant',
    content: call ? null : textOfChoice(choice),
    refusal: null,
    annotations: [],
    ...(call
      ? {
          tool_calls: [
            {
              id: `call_${call.id}`,
              type: 'function',
              function: { name: call.name, arguments: call.pieces.join('') },
            },
          ],
        }
      : {}),
  };
}

/** The body of a chat completion that is not streamed. */
export function openAiChatJson(answer: Answer): JsonAnswer {
  const usage = answer.report(openAiChatUsage(answer));
  const json: JsonObject = {
    id: `chatcmpl-${answer.id}`,
    object: 'chat.completion',
    created: answer.createdSeconds,
    model: answer.model,
    choices: answer.choices.map((choice, index) => ({
      index,
      message: message(choice),
      logprobs: null,
      finish_reason: FINISH[answer.finish],
    })),
    ...(usage === undefined ? {} : { usage }),
    service_tier: tierOf(answer),
    system_fingerprint: SYSTEM_FINGERPRINT,
  };
  return { json, usage };
}

/** The chunks of a chat completion stream, `[DONE]` last. */
export function openAiChatEvents(answer: Answer): StreamEvent[] {
  const head = `{"id":"chatcmpl-${answer.id}","object":"chat.completion.chunk","created":${answer.createdSeconds},"model":${JSON.stringify(answer.model)},"service_tier":${JSON.stringify(tierOf(answer))},"system_fingerprint":"${SYSTEM_FINGERPRINT}","choices":[`;
  const tail = answer.includeUsage ? '],"usage":null}' : ']}';
  const chunk = (index: number, delta: string, finish: string | null, tokens: number): StreamEvent => ({
    data: `${head}{"index":${index},"delta":${delta},"logprobs":null,"finish_reason":${JSON.stringify(finish)}}${tail}`,
    tokens,
  });
  const events: StreamEvent[] = [];
  for (const [index, choice] of answer.choices.entries()) {
    const call = choice.toolCall;
    const first: Json = call
      ? {
          role: 'assistant',
          content: null,
          tool_calls: [
            {
              index: 0,
              id: `call_${call.id}`,
              type: 'function',
              function: { name: call.name, arguments: '' },
            },
          ],
          refusal: null,
        }
      : { role: 'assistant', content: '', refusal: null };
    events.push(chunk(index, JSON.stringify(first), null, answer.hiddenTokens));
  }
  const longest = Math.max(0, ...answer.choices.map(shownTokens));
  for (let step = 0; step < longest; step++) {
    for (const [index, choice] of answer.choices.entries()) {
      const piece = JSON.stringify((choice.toolCall?.pieces ?? choice.pieces)[step]);
      const delta = choice.toolCall
        ? `{"tool_calls":[{"index":0,"function":{"arguments":${piece}}}]}`
        : `{"content":${piece}}`;
      events.push(chunk(index, delta, null, 1));
    }
  }
  for (const index of answer.choices.keys()) events.push(chunk(index, '{}', FINISH[answer.finish], 0));
  if (answer.includeUsage) {
    const usage = answer.report(openAiChatUsage(answer));
    events.push(
      usage === undefined
        ? { data: `${head}]}` }
        : { data: `${head}],"usage":${JSON.stringify(usage)}}`, usage },
    );
  }
  events.push({ data: '[DONE]', last: true });
  return events;
}

/** POST /v1/chat/completions. */
export const openAiChat: WireFormat = {
  read: readOpenAiChat,
  json: openAiChatJson,
  events: openAiChatEvents,
};
