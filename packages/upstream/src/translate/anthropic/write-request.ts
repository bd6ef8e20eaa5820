import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import { describedSchema } from '../described-schema.js';
import type { MediaPart, NeutralRequest, Part, Settings, TextPart, Tool, Turn } from '../neutral-request.js';
import { notTranslatableError } from '../not-translatable.js';
import { refuseSettings } from '../refuse-settings.js';
import { writeThinking } from './write-thinking.js';

const provider = 'Anthropic';

/** Writes a request of Anthropic's messages. Without a cap of the client's own none is written, although one is required: the meter adds it. */
export function writeAnthropicRequest(request: NeutralRequest): JsonObject {
  const { settings, system, tools } = request;
  refuseSettings(settings, ['seed', 'presencePenalty', 'frequencyPenalty', 'verbosity'], provider);
  const { temperature, output, stop } = settings;
  if (temperature && temperature.value > 1)
    throw notTranslatableError(temperature.param, `${provider} takes 0 to 1`);
  if (output && !output.value.schema)
    throw notTranslatableError(output.param, `${provider} takes JSON with a schema only`);
  const { thinking, effort } = writeThinking(request.model, settings);
  const config: JsonObject = {};
  if (effort !== undefined) config.effort = effort;
  const schema = output && describedSchema(output.value);
  if (schema) config.format = { type: 'json_schema', schema };
  const body: JsonObject = { model: request.model, messages: request.turns.map(messageOf) };
  const fields: Record<string, JsonValue | undefined> = {
    system: systemOf(system),
    max_tokens: settings.maxTokens?.value,
    temperature: temperature?.value,
    top_p: settings.topP?.value,
    top_k: settings.topK?.value,
    stop_sequences: stop && [...stop.value],
    tools: tools.length > 0 ? tools.map(toolOf) : undefined,
    tool_choice: choiceOf(settings, tools),
    thinking,
    output_config: Object.keys(config).length > 0 ? config : undefined,
    metadata: settings.user && { user_id: settings.user.value },
    service_tier: settings.standardTier && 'standard_only',
    stream: request.stream ? true : undefined,
  };
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) body[name] = value;
  return body;
}

function systemOf(system: readonly TextPart[]): JsonValue | undefined {
  const [first] = system;
  if (!first) return undefined;
  return system.length === 1 ? first.text : system.map(({ text }) => ({ type: 'text', text }));
}

function messageOf({ role, parts }: Turn): JsonObject {
  const [first] = parts;
  if (parts.length === 1 && first?.kind === 'text') return { role, content: first.text };
  return { role, content: parts.map(blockOf) };
}

function blockOf(part: Part): JsonObject {
  switch (part.kind) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'image':
    case 'document':
      return mediaOf(part);
    case 'call':
      return { type: 'tool_use', id: part.id, name: part.name, input: part.args };
    case 'result':
      return {
        type: 'tool_result',
        tool_use_id: part.id,
        content: part.content.map(blockOf),
        ...(part.failed && { is_error: true }),
      };
    case 'thought':
      if (part.origin !== 'anthropic') {
        throw notTranslatableError(
          part.param,
          `${provider} takes no thinking blocks of another provider's model`,
        );
      }
      if (part.redacted !== undefined) return { type: 'redacted_thinking', data: part.redacted };
      return { type: 'thinking', thinking: part.text, signature: part.signature ?? '' };
  }
}

function mediaOf(part: MediaPart): JsonObject {
  if (part.detail !== undefined) {
    throw notTranslatableError(part.detail.param, `${provider} has one way to look at images`);
  }
  const source: JsonObject =
    part.url === undefined
      ? { type: 'base64', media_type: part.mediaType ?? '', data: part.data ?? '' }
      : { type: 'url', url: part.url };
  return { type: part.kind, source, ...(part.name !== undefined && { title: part.name }) };
}

function toolOf(tool: Tool): JsonObject {
  const made: JsonObject = {
    name: tool.name,
    input_schema: tool.schema ?? { type: 'object', properties: {} },
  };
  if (tool.description !== undefined) made.description = tool.description;
  if (tool.strict !== undefined) made.strict = tool.strict;
  return made;
}

function choiceOf({ toolChoice, parallelCalls }: Settings, tools: readonly Tool[]): JsonObject | undefined {
  const choice = toolChoice?.value ?? (parallelCalls && tools.length > 0 ? 'auto' : undefined);
  if (choice === undefined) return undefined;
  if (choice === 'none') return { type: 'none' };
  const parallel = parallelCalls && { disable_parallel_tool_use: !parallelCalls.value };
  if (typeof choice === 'object') return { type: 'tool', name: choice.name, ...parallel };
  return { type: choice === 'required' ? 'any' : 'auto', ...parallel };
}
