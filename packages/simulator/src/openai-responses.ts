import type { Answer, Asked, Invalid } from './answer.js';
import { textOfChoice } from './answer.js';
import { countInputTokens } from './input-tokens.js';
import { fieldOf, type Json, type JsonObject, listOf, stringOf, textOf } from './json.js';
import { invalid, isInvalid, openAiToolChoice, openAiTools, readCap, readModel } from './read-request.js';
import type { StreamEvent } from './stream-event.js';
import { usageAfter } from './token-usage.js';
import type { JsonAnswer, RequestFacts, WireFormat } from './wire-format.js';

/** Reads the body of POST /v1/responses. */
function readOpenAiResponses(body: JsonObject, facts: RequestFacts): Asked | Invalid {
  const model = readModel(body, facts.pathModel);
  if (isInvalid(model)) return model;
  const cap = readCap(body, ['max_output_tokens']);
  if (isInvalid(cap)) return cap;
  const { input } = body;
  if (typeof input !== 'string' && !Array.isArray(input))
    return invalid("Missing required parameter: 'input'.", 'input', 'missing_required_parameter');
  const items = listOf(input);
  const last = items.at(-1);
  const lastUser = items.findLast((item) => fieldOf(item, 'role') === 'user');
  return {
    model,
    stream: body.stream === true,
    includeUsage: true,
    includeObfuscation: fieldOf(body.stream_options, 'include_obfuscation') === true,
    cap,
    n: 1,
    prompt: typeof input === 'string' ? input : textOf(fieldOf(lastUser, 'content')),
    lastIsUser: typeof input === 'string' || fieldOf(last, 'role') === 'user',
    tools: openAiTools(body.tools),
    toolChoice: openAiToolChoice(body.tool_choice),
    outputSchema: fieldOf(fieldOf(body.text, 'format'), 'schema'),
    showThoughts: typeof fieldOf(body.reasoning, 'summary') === 'string',
    encryptThoughts: Array.isArray(body.include) && body.include.includes('reasoning.encrypted_content'),
    serviceTier: stringOf(body.service_tier),
    speed: undefined,
    inputTokens: countInputTokens(
      [input, body.instructions, body.tools, body.text],
      Math.max(1, items.length),
      facts.bodyBytes,
    ),
  };
}

/** `usage` of a response once `producedTokens` of its output exist. */
function responseUsage(answer: Answer, producedTokens: number): JsonObject {
  const usage = usageAfter(producedTokens, answer.usage);
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: {
      cached_tokens: usage.cachedInputTokens,
      cache_write_tokens: usage.cacheWriteTokens,
    },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}

function reasoningItem({ id, showThoughts, encryptThoughts }: Answer): JsonObject {
  const summary = showThoughts ? [{ type: 'summary_text', text: 'Let me think about this.' }] : [];
  const item = { id: `rs_${id}`, type: 'reasoning', summary };
  return encryptThoughts ? { ...item, encrypted_content: `enc${id}` } : item;
}

function outputItems(answer: Answer): JsonObject[] {
  const status = answer.finish === 'length' ? 'incomplete' : 'completed';
  const reasoning: JsonObject[] = answer.usage.reasoningTokens > 0 ? [reasoningItem(answer)] : [];
  const choice = answer.choices[0];
  const call = choice?.toolCall;
  if (choice === undefined || (!call && choice.pieces.length === 0)) return reasoning;
  if (call) {
    return [
      ...reasoning,
      {
        id: `fc_${call.id}`,
        type: 'function_call',
        status,
        call_id: `call_${call.id}`,
        name: call.name,
        arguments: call.pieces.join(''),
      },
    ];
  }
  const content = [{ type: 'output_text', text: textOfChoice(choice), annotations: [], logprobs: [] }];
  return [...reasoning, { id: `msg_${answer.id}`, type: 'message', status, role: 'assistant', content }];
}

/** Incomplete for a cap or a filter, else completed. */
function endOf(answer: Answer): { status: 'completed' | 'incomplete'; details: Json } {
  if (answer.finish === 'length') return { status: 'incomplete', details: { reason: 'max_output_tokens' } };
  if (answer.finish === 'filter') return { status: 'incomplete', details: { reason: 'content_filter' } };
  return { status: 'completed', details: null };
}

function response(answer: Answer, status: string, more: JsonObject): JsonObject {
  return {
    id: `resp_${answer.id}`,
    object: 'response',
    created_at: answer.createdSeconds,
    status,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    model: answer.model,
    output: [],
    parallel_tool_calls: true,
    previous_response_id: null,
    service_tier:
      answer.serviceTier === undefined || answer.serviceTier === 'auto' ? 'default' : answer.serviceTier,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage: null,
    ...more,
  };
}

function finished(answer: Answer): JsonAnswer {
  const usage = answer.report(responseUsage(answer, answer.usage.outputTokens));
  const { status, details } = endOf(answer);
  const json = response(answer, status, {
    output: outputItems(answer),
    incomplete_details: details,
    ...(usage === undefined ? {} : { usage }),
  });
  if (usage === undefined) delete json.usage;
  return { json, usage };
}

/** The last event of a response that fails half way, with the usage up to there. */
export function openAiResponsesFailure(
  answer: Answer,
  producedTokens: number,
  sequenceNumber: number,
): StreamEvent {
  const usage = answer.report(responseUsage(answer, producedTokens));
  const error = { code: 'server_error', message: 'The model failed to generate a response.' };
  const failed = response(answer, 'failed', { error, ...(usage === undefined ? {} : { usage }) });
  return {
    ...named('response.failed', { response: failed }, sequenceNumber),
    ...(usage === undefined ? {} : { usage }),
  };
}

const named = (type: string, fields: JsonObject, sequence: number, tokens = 0): StreamEvent => ({
  event: type,
  data: JSON.stringify({ type, sequence_number: sequence, ...fields }),
  tokens,
});

/** The events of a streamed response, from `response.created` to `response.completed` or `response.incomplete`. */
function openAiResponsesEvents(answer: Answer): StreamEvent[] {
  const events: StreamEvent[] = [];
  const push = (type: string, fields: JsonObject, tokens = 0): void => {
    events.push(named(type, fields, events.length, tokens));
  };
  push('response.created', { response: response(answer, 'in_progress', {}) });
  push('response.in_progress', { response: response(answer, 'in_progress', {}) });
  let hidden = answer.hiddenTokens;
  for (const [output_index, item] of outputItems(answer).entries()) {
    const { id: item_id = '', type } = item;
    const call = type === 'function_call';
    const opened =
      type === 'reasoning'
        ? { ...item, summary: [] }
        : { ...item, status: 'in_progress', ...(call ? { arguments: '' } : { content: [] }) };
    push('response.output_item.added', { output_index, item: opened }, hidden);
    hidden = 0;
    const choice = answer.choices[0];
    if (call) {
      for (const delta of choice?.toolCall?.pieces ?? [])
        push('response.function_call_arguments.delta', { item_id, output_index, delta }, 1);
      push('response.function_call_arguments.done', {
        item_id,
        output_index,
        name: item.name ?? '',
        arguments: item.arguments ?? '',
      });
    } else if (type === 'reasoning') {
      for (const [summary_index, part] of listOf(item.summary).entries()) {
        const place = { item_id, output_index, summary_index };
        const text = fieldOf(part, 'text') ?? '';
        push('response.reasoning_summary_part.added', { ...place, part: { type: 'summary_text', text: '' } });
        push('response.reasoning_summary_text.delta', { ...place, delta: text });
        push('response.reasoning_summary_text.done', { ...place, text });
        push('response.reasoning_summary_part.done', { ...place, part });
      }
    } else if (type === 'message') {
      const place = { item_id, output_index, content_index: 0 };
      const part = listOf(item.content)[0] ?? null;
      push('response.content_part.added', {
        ...place,
        part: { type: 'output_text', text: '', annotations: [], logprobs: [] },
      });
      for (const delta of choice?.pieces ?? [])
        push('response.output_text.delta', { ...place, delta, logprobs: [] }, 1);
      push('response.output_text.done', { ...place, text: fieldOf(part, 'text') ?? '', logprobs: [] });
      push('response.content_part.done', { ...place, part });
    }
    push('response.output_item.done', { output_index, item });
  }
  const { json, usage } = finished(answer);
  push(`response.${endOf(answer).status}`, { response: json }, hidden);
  const last = events.at(-1);
  if (last && usage !== undefined) last.usage = usage;
  return events;
}

/** POST /v1/responses. */
export const openAiResponses: WireFormat = {
  read: readOpenAiResponses,
  json: finished,
  events: openAiResponsesEvents,
};
