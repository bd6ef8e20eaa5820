import { type Answer, type Asked, type Invalid, textOfChoice } from './answer.js';
import { countInputTokens } from './input-tokens.js';
import { fieldOf, type Json, type JsonObject, listOf, stringOf, textOf } from './json.js';
import { invalid, isInvalid, readCap, readModel } from './read-request.js';
import type { Script } from './script.js';
import type { StreamEvent } from './stream-event.js';
import { usageAfter } from './token-usage.js';
import type { ToolChoice } from './tool-call.js';
import type { JsonAnswer, RequestFacts, WireFormat } from './wire-format.js';

const STOP_REASON = { stop: 'end_turn', length: 'max_tokens', tool: 'tool_use', filter: 'refusal' } as const;

function toolChoiceOf(choice: Json | undefined): ToolChoice {
  const type = fieldOf(choice, 'type');
  const name = stringOf(fieldOf(choice, 'name'));
  if (type === 'tool' && name !== undefined) return { name };
  return type === 'any' ? 'required' : type === 'none' ? 'none' : 'auto';
}

/** Reads the body of POST /v1/messages. */
function readAnthropicMessages(body: JsonObject, facts: RequestFacts): Asked | Invalid {
  const model = readModel(body, facts.pathModel);
  if (isInvalid(model)) return invalid('model: Field required', 'model');
  const cap = readCap(body, ['max_tokens']);
  if (isInvalid(cap)) return invalid('max_tokens: must be greater than or equal to 1', 'max_tokens');
  if (cap === undefined) return invalid('max_tokens: Field required', 'max_tokens');
  const messages = listOf(body.messages);
  if (messages.length === 0) return invalid('messages: at least one message is required', 'messages');
  const last = messages.at(-1);
  const lastParts = listOf(fieldOf(last, 'content'));
  const lastUser = messages.findLast(
    (message) => fieldOf(message, 'role') === 'user' && textOf(fieldOf(message, 'content')) !== '',
  );
  return {
    model,
    stream: body.stream === true,
    includeUsage: true,
    includeObfuscation: false,
    cap,
    n: 1,
    prompt: textOf(fieldOf(lastUser, 'content')),
    lastIsUser:
      fieldOf(last, 'role') === 'user' && !lastParts.some((part) => fieldOf(part, 'type') === 'tool_result'),
    tools: listOf(body.tools).flatMap((tool) => {
      const name = stringOf(fieldOf(tool, 'name'));
      const schema = fieldOf(tool, 'input_schema');
      return name !== undefined && schema !== undefined ? [{ name, schema }] : [];
    }),
    toolChoice: toolChoiceOf(body.tool_choice),
    outputSchema: fieldOf(fieldOf(body.output_config, 'format'), 'schema'),
    serviceTier: undefined,
    speed: stringOf(body.speed),
    inputTokens: countInputTokens([body.messages, body.system, body.tools], messages.length, facts.bodyBytes),
  };
}

/** The four counts that every Anthropic usage has; `input_tokens` leaves cached and cache-written input out. */
function counts(answer: Answer, producedTokens: number): JsonObject {
  const { inputTokens, cachedInputTokens, cacheWriteTokens, cacheWriteOneHourTokens } = answer.usage;
  const written = cacheWriteTokens + cacheWriteOneHourTokens;
  return {
    input_tokens: inputTokens - cachedInputTokens - written,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cachedInputTokens,
    output_tokens: usageAfter(producedTokens, answer.usage).outputTokens,
  };
}

const serverToolUse = ({ usage }: Answer): Json =>
  usage.webSearches > 0 ? { web_search_requests: usage.webSearches, web_fetch_requests: 0 } : null;

/** `usage` of a message, true to the answer. */
function anthropicUsage(answer: Answer, producedTokens = answer.usage.outputTokens): JsonObject {
  return {
    ...counts(answer, producedTokens),
    cache_creation: {
      ephemeral_5m_input_tokens: answer.usage.cacheWriteTokens,
      ephemeral_1h_input_tokens: answer.usage.cacheWriteOneHourTokens,
    },
    server_tool_use: serverToolUse(answer),
    service_tier: answer.serviceTier ?? 'standard',
    ...(answer.speed === undefined ? {} : { speed: answer.speed }),
  };
}

/** Blocks of the answer, in order: thinking, searches the provider made, text or a tool call. */
function blocks(answer: Answer): JsonObject[] {
  const list: JsonObject[] = [];
  if (answer.usage.reasoningTokens > 0)
    list.push({ type: 'thinking', thinking: 'Let me think about this.', signature: `sig${answer.id}` });
  for (let search = 0; search < answer.usage.webSearches; search++) {
    const id = `srvtoolu_${answer.id}${search}`;
    const result = {
      type: 'web_search_result',
      title: 'Example',
      url: 'https://example.com/',
      encrypted_content: 'c2lt',
      page_age: null,
    };
    list.push({ type: 'server_tool_use', id, name: 'web_search', input: { query: 'example' } });
    list.push({ type: 'web_search_tool_result', tool_use_id: id, content: [result] });
  }
  const choice = answer.choices[0];
  const call = choice?.toolCall;
  if (call)
    list.push({
      type: 'tool_use',
      id: `toolu_${call.id}`,
      name: call.name,
      input: answer.finish === 'length' ? {} : call.arguments,
    });
  else if (choice && choice.pieces.length > 0) list.push({ type: 'text', text: textOfChoice(choice) });
  return list;
}

function message(
  answer: Answer,
  content: JsonObject[],
  stopReason: string | null,
  usage: Json | undefined,
): JsonObject {
  return {
    id: `msg_${answer.id}`,
    type: 'message',
    role: 'assistant',
    model: answer.model,
    content,
    stop_reason: stopReason,
    stop_sequence: null,
    ...(usage === undefined ? {} : { usage }),
  };
}

/** The body of a message that is not streamed. */
function anthropicMessagesJson(answer: Answer): JsonAnswer {
  const usage = answer.report(anthropicUsage(answer));
  return { json: message(answer, blocks(answer), STOP_REASON[answer.finish], usage), usage };
}

const named = (fields: JsonObject & { type: string }, tokens = 0): StreamEvent => ({
  event: fields.type,
  data: JSON.stringify(fields),
  tokens,
});

/** One block as events. `tokens` of the thinking block are those that no text shows. */
function blockEvents(block: JsonObject, index: number, answer: Answer): StreamEvent[] {
  const delta = (type: string, fields: JsonObject, tokens: number): StreamEvent =>
    named({ type: 'content_block_delta', index, delta: { type, ...fields } }, tokens);
  const start = (content_block: JsonObject): StreamEvent =>
    named({ type: 'content_block_start', index, content_block });
  const stop = named({ type: 'content_block_stop', index });
  const choice = answer.choices[0];
  switch (block.type) {
    case 'thinking':
      return [
        start({ ...block, thinking: '', signature: '' }),
        delta('thinking_delta', { thinking: block.thinking ?? '' }, 0),
        delta('signature_delta', { signature: block.signature ?? '' }, 0),
        stop,
      ];
    case 'text':
      return [
        start({ type: 'text', text: '' }),
        ...(choice?.pieces ?? []).map((text) => delta('text_delta', { text }, 1)),
        stop,
      ];
    case 'tool_use':
    case 'server_tool_use': {
      const pieces =
        block.type === 'tool_use' ? (choice?.toolCall?.pieces ?? []) : [JSON.stringify(block.input)];
      const tokens = block.type === 'tool_use' ? 1 : 0;
      return [
        start({ ...block, input: {} }),
        ...pieces.map((partial_json) => delta('input_json_delta', { partial_json }, tokens)),
        stop,
      ];
    }
    default:
      return [start(block), stop];
  }
}

/** `message_delta` usages are cumulative: earlier ones contain null for unknown figures. */
function messageDelta(answer: Answer, producedTokens: number, last: boolean): StreamEvent {
  const known = { ...counts(answer, producedTokens), server_tool_use: serverToolUse(answer) };
  const unknown = {
    input_tokens: null,
    cache_creation_input_tokens: null,
    cache_read_input_tokens: null,
    server_tool_use: null,
  };
  const usage = answer.report(last ? known : { ...known, ...unknown });
  const delta = { stop_reason: last ? STOP_REASON[answer.finish] : null, stop_sequence: null };
  const event = named({ type: 'message_delta', delta, ...(usage === undefined ? {} : { usage }) });
  return usage === undefined ? event : { ...event, usage };
}

/** Puts the earlier of several usage deltas evenly between the other events. */
function withUsageDeltas(events: readonly StreamEvent[], answer: Answer): StreamEvent[] {
  const every = Math.max(1, Math.ceil(events.length / answer.usageDeltas));
  let produced = 0;
  let left = answer.usageDeltas - 1;
  return events.flatMap((event, index) => {
    produced += event.tokens ?? 0;
    if (left < 1 || (index + 1) % every !== 0) return [event];
    left -= 1;
    return [event, messageDelta(answer, produced, false)];
  });
}

/** The events of a streamed message, from `message_start` to `message_stop`. */
function anthropicMessagesEvents(answer: Answer, script: Pick<Script, 'pingEvery'> = {}): StreamEvent[] {
  const usage = answer.report(anthropicUsage(answer, Math.min(1, answer.usage.outputTokens)));
  const begin = {
    ...named({ type: 'message_start', message: message(answer, [], null, usage) }, answer.hiddenTokens),
    ...(usage === undefined ? {} : { usage }),
  };
  const content = blocks(answer).flatMap((block, index) => blockEvents(block, index, answer));
  const events = [
    begin,
    ...withUsageDeltas(content, answer),
    messageDelta(answer, answer.usage.outputTokens, true),
  ];
  const ping = named({ type: 'ping' });
  const every = script.pingEvery;
  const pinged = events.flatMap((event, index) =>
    (every === undefined ? index === 1 : every > 0 && (index + 1) % every === 0) ? [event, ping] : [event],
  );
  return [...pinged, { ...named({ type: 'message_stop' }), last: true }];
}

/** POST /v1/messages. */
export const anthropicMessages: WireFormat = {
  read: readAnthropicMessages,
  json: anthropicMessagesJson,
  events: anthropicMessagesEvents,
};
