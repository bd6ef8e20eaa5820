import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import { Fields } from '../fields.js';
import type {
  Asked,
  NeutralRequest,
  OutputForm,
  Reasoning,
  Settings,
  Tool,
  ToolChoice,
} from '../neutral-request.js';
import { notTranslatableError, notValidError } from '../not-translatable.js';
import { readEffort, readTier, readUser, takeCacheHints } from '../openai/read-common.js';
import { readItems } from './read-items.js';

/** Reads a request of OpenAI's responses. Refuses by name fields without a counterpart, and everything that would be stored between requests. */
export function readResponsesRequest(body: JsonObject): NeutralRequest {
  const fields = new Fields(body);
  const model = fields.word('model');
  const instructions = fields.text('instructions');
  const items = readItems(fields);
  if (items.turns.length === 0)
    throw notValidError('input', 'a string, or an array with at least one item', []);
  const stream = fields.flag('stream') ?? false;
  const streaming = fields.fields('stream_options');
  streaming?.only('include_obfuscation', [false], 'its padding is of OpenAI alone');
  streaming?.refuseRest();
  const tools = fields.each('tools').map(readTool);
  const settings = readSettings(fields);
  checkHarmless(fields);
  fields.refuseRest();
  const first = instructions ? [{ kind: 'text', text: instructions } as const] : [];
  const system = [...first, ...items.system];
  return { model, stream, usageInStream: true, system, turns: items.turns, tools, settings };
}

function readSettings(fields: Fields): Settings {
  const asked = <Value>(name: string, value: Value | undefined): Asked<Value> | undefined =>
    value === undefined ? undefined : { value, param: fields.param(name) };
  const text = fields.fields('text');
  const output = readOutput(text?.fields('format'));
  const verbosity = text?.text('verbosity');
  text?.refuseRest();
  return {
    maxTokens: asked('max_output_tokens', fields.count('max_output_tokens', 1)),
    temperature: asked('temperature', fields.number('temperature')),
    topP: asked('top_p', fields.number('top_p')),
    toolChoice: asked('tool_choice', readToolChoice(fields.take('tool_choice'))),
    parallelCalls: asked('parallel_tool_calls', fields.flag('parallel_tool_calls')),
    output: asked('text.format', output),
    reasoning: asked('reasoning', readReasoning(fields.fields('reasoning'))),
    verbosity: asked('text.verbosity', verbosity),
    user: readUser(fields),
    standardTier: asked('service_tier', readTier(fields)),
  };
}

function readReasoning(reasoning: Fields | undefined): Reasoning | undefined {
  if (!reasoning) return undefined;
  const effort = readEffort(reasoning, 'effort');
  // How long a summary is, is its maker's choice elsewhere.
  const summary = reasoning.text('summary') ?? reasoning.text('generate_summary');
  reasoning.only('context', ['auto'], 'other providers cannot choose which thoughts the model is shown');
  reasoning.only('mode', ['standard'], 'the provider that answers has one mode');
  reasoning.take('generate_summary');
  reasoning.refuseRest();
  if (effort === undefined && summary === undefined) return undefined;
  return { effort, shown: summary !== undefined };
}

function readOutput(format: Fields | undefined): OutputForm | undefined {
  if (!format) return undefined;
  const type = format.word('type');
  if (type !== 'text' && type !== 'json_object' && type !== 'json_schema')
    throw notTranslatableError(
      format.param('type'),
      'only text, json_object and json_schema can be translated',
    );
  const form: OutputForm =
    type === 'json_schema'
      ? {
          name: format.word('name'),
          description: format.text('description'),
          schema: format.json('schema') ?? { type: 'object' },
          strict: format.flag('strict'),
        }
      : {};
  format.refuseRest();
  return type === 'text' ? undefined : form;
}

function readTool(tool: Fields): Tool {
  if (tool.word('type') !== 'function') {
    throw notTranslatableError(tool.param('type'), 'only tools of type "function" can be translated');
  }
  const callers = tool.list('allowed_callers');
  if (callers?.some((one) => one !== 'direct'))
    throw notTranslatableError(tool.param('allowed_callers'), 'only the model itself calls tools');
  tool.only('defer_loading', [false], 'all tools are given to the model');
  const read: Tool = {
    param: tool.path,
    name: tool.word('name'),
    description: tool.text('description'),
    schema: tool.json('parameters'),
    strict: tool.flag('strict'),
  };
  tool.refuseRest();
  return read;
}

function readToolChoice(value: JsonValue | undefined): ToolChoice | undefined {
  if (value === undefined || value === 'auto' || value === 'none' || value === 'required') return value;
  if (typeof value === 'string')
    throw notValidError('tool_choice', 'auto, none, required or a function', value);
  const choice = Fields.of(value, 'tool_choice');
  if (choice.word('type') !== 'function') {
    throw notTranslatableError('tool_choice.type', 'only the choice of one function can be translated');
  }
  const name = choice.word('name');
  choice.refuseRest();
  return { name };
}

/** Fields that change nothing with these values. */
function checkHarmless(fields: Fields): void {
  takeCacheHints(fields);
  fields.only('store', [false], 'the answer is kept nowhere');
  fields.only('background', [false], 'the answer is made while the client waits');
  fields.only('truncation', ['disabled'], 'the provider that answers leaves nothing out');
  fields.only('top_logprobs', [0], 'the provider that answers has no such log probabilities');
  // Signatures are always handed out; the rest is of tools that OpenAI runs.
  const include = fields.list('include');
  if (include?.some((one) => one !== 'reasoning.encrypted_content'))
    throw notTranslatableError('include', 'only reasoning.encrypted_content can be translated');
}
