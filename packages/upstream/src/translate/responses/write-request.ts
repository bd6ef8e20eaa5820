import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import { effortOf } from '../effort.js';
import type { NeutralRequest, OutputForm, Settings, Tool, ToolChoice } from '../neutral-request.js';
import { refuseSettings } from '../refuse-settings.js';
import { provider, writeItems } from './write-items.js';

/** Models that think, and can be asked for their thoughts in a form that only they can read (platform.openai.com, "Reasoning"). */
const thinks = /^(?:o\d|codex|gpt-(?:[5-9]|\d{2})(?!.*-chat))/;

/** Writes a request of OpenAI's responses. Nothing is stored at the provider, so the client receives the data for the next turn. */
export function writeResponsesRequest(request: NeutralRequest): JsonObject {
  const { model, settings, system, tools } = request;
  const missing = ['topK', 'stop', 'seed', 'presencePenalty', 'frequencyPenalty'] as const;
  refuseSettings(settings, missing, provider);
  const input = [
    ...system.map(({ text }): JsonObject => ({ role: 'system', content: text })),
    ...writeItems(request.turns),
  ];
  const body: JsonObject = { model, input, store: false };
  const { toolChoice } = settings;
  const fields: Record<string, JsonValue | undefined> = {
    stream: request.stream ? true : undefined,
    include: thinks.test(model) ? ['reasoning.encrypted_content'] : undefined,
    max_output_tokens: settings.maxTokens?.value,
    temperature: settings.temperature?.value,
    top_p: settings.topP?.value,
    tools: tools.length > 0 ? tools.map(toolOf) : undefined,
    tool_choice: toolChoice && choiceOf(toolChoice.value),
    parallel_tool_calls: settings.parallelCalls?.value,
    text: textOf(settings),
    reasoning: reasoningOf(settings),
    safety_identifier: settings.user?.value,
    service_tier: settings.standardTier && 'default',
  };
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) body[name] = value;
  return body;
}

function textOf({ output, verbosity }: Settings): JsonObject | undefined {
  if (!output && !verbosity) return undefined;
  const text: JsonObject = {};
  if (output) text.format = formatOf(output.value);
  if (verbosity) text.verbosity = verbosity.value;
  return text;
}

function formatOf({ schema, name = 'answer', description, strict }: OutputForm): JsonObject {
  if (!schema) return { type: 'json_object' };
  const format: JsonObject = { type: 'json_schema', name, schema };
  if (description !== undefined) format.description = description;
  if (strict !== undefined) format.strict = strict;
  return format;
}

function reasoningOf({ reasoning }: Settings): JsonObject | undefined {
  if (!reasoning) return undefined;
  const effort = effortOf(reasoning.value);
  const made: JsonObject = {};
  if (effort !== undefined) made.effort = effort;
  if (reasoning.value.shown) made.summary = 'auto';
  return Object.keys(made).length > 0 ? made : undefined;
}

/** Here tools are strict by default; in the other formats they are not. */
function toolOf(tool: Tool): JsonObject {
  const made: JsonObject = {
    type: 'function',
    name: tool.name,
    parameters: tool.schema ?? { type: 'object', properties: {} },
    strict: tool.strict ?? false,
  };
  if (tool.description !== undefined) made.description = tool.description;
  return made;
}

const choiceOf = (choice: ToolChoice): JsonValue =>
  typeof choice === 'string' ? choice : { type: 'function', name: choice.name };
