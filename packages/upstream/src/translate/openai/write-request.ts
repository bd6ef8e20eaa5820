import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import { effortOf } from '../effort.js';
import type {
  MediaPart,
  NeutralRequest,
  OutputForm,
  Part,
  ResultPart,
  TextPart,
  Tool,
  Turn,
} from '../neutral-request.js';
import { notTranslatableError } from '../not-translatable.js';
import { refuseSettings } from '../refuse-settings.js';

const provider = "OpenAI's format";

/** Writes a request of OpenAI's chat completions. A stream requests its usage; the response's translation decides whether the client receives it. */
export function writeOpenAiRequest(request: NeutralRequest): JsonObject {
  const { settings } = request;
  refuseSettings(settings, ['topK'], provider);
  const { stop, reasoning, output, toolChoice } = settings;
  if (stop && stop.value.length > 4) throw notTranslatableError(stop.param, `${provider} takes at most four`);
  const effort = reasoning && effortOf(reasoning.value);
  const body: JsonObject = {
    model: request.model,
    messages: [...systemOf(request), ...request.turns.flatMap(messagesOf)],
  };
  if (request.stream) Object.assign(body, { stream: true, stream_options: { include_usage: true } });
  const fields: Record<string, JsonValue | undefined> = {
    max_completion_tokens: settings.maxTokens?.value,
    temperature: settings.temperature?.value,
    top_p: settings.topP?.value,
    stop: stop && [...stop.value],
    seed: settings.seed?.value,
    presence_penalty: settings.presencePenalty?.value,
    frequency_penalty: settings.frequencyPenalty?.value,
    tools: request.tools.length > 0 ? request.tools.map(toolOf) : undefined,
    tool_choice: toolChoice && choiceOf(toolChoice.value),
    parallel_tool_calls: settings.parallelCalls?.value,
    response_format: output && formatOf(output.value),
    reasoning_effort: effort,
    verbosity: settings.verbosity?.value,
    safety_identifier: settings.user?.value,
    service_tier: settings.standardTier && 'default',
  };
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) body[name] = value;
  return body;
}

const systemOf = ({ system }: NeutralRequest): JsonObject[] =>
  system.map(({ text }) => ({ role: 'system', content: text }));

function messagesOf({ role, parts }: Turn): JsonObject[] {
  if (role === 'assistant') return [assistantOf(parts)];
  const results = parts.filter((part) => part.kind === 'result');
  const others = parts.flatMap((part) =>
    part.kind === 'text' || part.kind === 'image' || part.kind === 'document' ? [part] : [],
  );
  const messages: JsonObject[] = results.map((part) => ({
    role: 'tool',
    tool_call_id: part.id,
    content: resultOf(part),
  }));
  if (others.length > 0) messages.push({ role: 'user', content: contentOf(others) });
  return messages;
}

function contentOf(parts: readonly (TextPart | MediaPart)[]): JsonValue {
  const [first] = parts;
  if (parts.length === 1 && first?.kind === 'text') return first.text;
  return parts.map((part) => (part.kind === 'text' ? { type: 'text', text: part.text } : mediaOf(part)));
}

function mediaOf(part: MediaPart): JsonObject {
  const url = part.url ?? `data:${part.mediaType};base64,${part.data}`;
  if (part.kind === 'image') {
    const { detail } = part;
    if (detail?.value === 'original')
      throw notTranslatableError(detail.param, `${provider} has low and high`);
    return { type: 'image_url', image_url: { url, ...(detail && { detail: detail.value }) } };
  }
  if (part.url !== undefined) throw notTranslatableError(part.param, `${provider} takes no document by URL`);
  return { type: 'file', file: { filename: part.name ?? 'document.pdf', file_data: url } };
}

/** The format has no field for a failed call: its content states it. */
function resultOf({ content, failed }: ResultPart): string {
  const text = content
    .map((part) => {
      if (part.kind === 'text') return part.text;
      throw notTranslatableError(part.param, `${provider} takes only text as the result of a tool`);
    })
    .join('');
  return failed ? JSON.stringify({ error: text }) : text;
}

function assistantOf(parts: readonly Part[]): JsonObject {
  const texts: string[] = [];
  const calls: JsonObject[] = [];
  for (const part of parts) {
    if (part.kind === 'text') texts.push(part.text);
    else if (part.kind === 'call') {
      const called = { name: part.name, arguments: JSON.stringify(part.args) };
      calls.push({ id: part.id, type: 'function', function: called });
    } else if (part.kind !== 'thought') {
      throw notTranslatableError(part.param, `${provider} takes only text and calls of the assistant`);
    } else if (part.origin !== 'openai' || part.signature !== undefined) {
      // Thoughts that such a provider showed are not handed back to it, by its own rules.
      throw notTranslatableError(
        part.param,
        `${provider} takes no thinking blocks that are signed or of another provider's model`,
      );
    }
  }
  const text = texts.join('');
  const message: JsonObject = { role: 'assistant', content: text === '' && calls.length > 0 ? null : text };
  if (calls.length > 0) message.tool_calls = calls;
  return message;
}

function toolOf(tool: Tool): JsonObject {
  const definition: JsonObject = { name: tool.name };
  if (tool.description !== undefined) definition.description = tool.description;
  if (tool.schema) definition.parameters = tool.schema;
  if (tool.strict !== undefined) definition.strict = tool.strict;
  return { type: 'function', function: definition };
}

function choiceOf(choice: string | { readonly name: string }): JsonValue {
  return typeof choice === 'string' ? choice : { type: 'function', function: { name: choice.name } };
}

function formatOf({ schema, name = 'answer', description, strict }: OutputForm): JsonObject {
  if (!schema) return { type: 'json_object' };
  const form: JsonObject = { name, schema };
  if (description !== undefined) form.description = description;
  if (strict !== undefined) form.strict = strict;
  return { type: 'json_schema', json_schema: form };
}
