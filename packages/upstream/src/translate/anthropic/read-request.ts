import type { JsonObject } from '@tollgate/core/internal';
import { Fields } from '../fields.js';
import type {
  Asked,
  Effort,
  NeutralRequest,
  OutputForm,
  Reasoning,
  Settings,
  TextPart,
  Tool,
  ToolChoice,
} from '../neutral-request.js';
import { notTranslatableError, notValidError } from '../not-translatable.js';
import { readBlocks, readContent, textOnly } from './read-blocks.js';
import { takeCacheControl } from './take-cache-control.js';

const efforts: readonly Effort[] = ['low', 'medium', 'high', 'xhigh', 'max'];

/** Reads a request of Anthropic's messages. Refuses fields without a counterpart by name. */
export function readAnthropicRequest(body: JsonObject): NeutralRequest {
  const fields = new Fields(body);
  const model = fields.word('model');
  const turns = fields.each('messages').map((message) => {
    const role = message.word('role');
    if (role !== 'user' && role !== 'assistant')
      throw notTranslatableError(message.param('role'), 'only user and assistant can be translated');
    const parts = readBlocks(message, role);
    message.refuseRest();
    return { role, parts } as const;
  });
  if (turns.length === 0) throw notValidError('messages', 'an array with at least one message', []);
  const system = readSystem(fields);
  const tools = fields.each('tools').map(readTool);
  const settings = readSettings(fields);
  const stream = fields.flag('stream') ?? false;
  takeCacheControl(fields);
  fields.only('inference_geo', ['global'], 'where the answer is made cannot be chosen');
  fields.only('speed', ['standard'], 'the provider that answers has one speed');
  fields.refuseRest();
  return { model, stream, usageInStream: true, system, turns, tools, settings };
}

function readSystem(fields: Fields): readonly TextPart[] {
  const value = fields.take('system');
  if (value === undefined) return [];
  return readContent(value, 'system').map(textOnly);
}

function readSettings(fields: Fields): Settings {
  const asked = <Value>(name: string, value: Value | undefined): Asked<Value> | undefined =>
    value === undefined ? undefined : { value, param: fields.param(name) };
  const maxTokens = fields.count('max_tokens', 1);
  if (maxTokens === undefined) throw notValidError('max_tokens', 'a whole number of at least 1', undefined);
  const metadata = fields.fields('metadata');
  const user = metadata?.text('user_id');
  metadata?.refuseRest();
  const config = fields.fields('output_config');
  const effort = config?.text('effort');
  const output = readOutput(config?.fields('format'));
  config?.refuseRest();
  const { choice, parallel } = readToolChoice(fields);
  const reasoning = readReasoning(fields, effort);
  return {
    maxTokens: asked('max_tokens', maxTokens),
    temperature: asked('temperature', fields.number('temperature')),
    topP: asked('top_p', fields.number('top_p')),
    topK: asked('top_k', fields.number('top_k')),
    stop: asked('stop_sequences', readStop(fields)),
    toolChoice: asked('tool_choice', choice),
    parallelCalls: asked('tool_choice.disable_parallel_tool_use', parallel),
    output: asked('output_config.format', output),
    reasoning: asked(effort === undefined ? 'thinking' : 'output_config.effort', reasoning),
    user: asked('metadata.user_id', user),
    standardTier: asked('service_tier', readTier(fields)),
  };
}

function readStop(fields: Fields): readonly string[] | undefined {
  const list = fields.list('stop_sequences');
  const texts = list?.filter((one) => typeof one === 'string');
  if (texts?.length !== list?.length) throw notValidError('stop_sequences', 'an array of strings', list);
  return texts && texts.length > 0 ? texts : undefined;
}

function readTier(fields: Fields): boolean | undefined {
  const tier = fields.text('service_tier');
  if (tier === undefined || tier === 'auto') return undefined;
  if (tier === 'standard_only') return true;
  throw notValidError('service_tier', 'auto or standard_only', tier);
}

function readReasoning(fields: Fields, effort: string | undefined): Reasoning | undefined {
  const known = efforts.find((one) => one === effort);
  if (effort !== undefined && !known)
    throw notValidError('output_config.effort', `one of ${efforts.join(', ')}`, effort);
  const thinking = fields.fields('thinking');
  if (!thinking) return known && { effort: known, shown: false };
  const type = thinking.word('type');
  if (type !== 'enabled' && type !== 'adaptive' && type !== 'disabled') {
    throw notTranslatableError('thinking.type', 'only enabled, adaptive and disabled can be translated');
  }
  const budget = type === 'enabled' ? thinking.count('budget_tokens', 1_024) : undefined;
  const display = thinking.text('display');
  thinking.refuseRest();
  if (type === 'disabled') return { effort: 'none', shown: false };
  if (type === 'enabled' && budget === undefined)
    throw notValidError('thinking.budget_tokens', 'at least 1024', undefined);
  return { effort: budget === undefined ? known : undefined, budget, shown: display !== 'omitted' };
}

function readTool(tool: Fields): Tool {
  tool.only('type', ['custom'], 'tools that Anthropic runs or defines cannot be translated');
  takeCacheControl(tool);
  const callers = tool.list('allowed_callers');
  if (callers?.some((one) => one !== 'direct'))
    throw notTranslatableError(tool.param('allowed_callers'), 'only the model itself calls tools');
  tool.only('defer_loading', [false], 'all tools are given to the model');
  tool.only('eager_input_streaming', [false, true], 'it must be true or false');
  const read: Tool = {
    param: tool.path,
    name: tool.word('name'),
    description: tool.text('description'),
    schema: tool.json('input_schema'),
    strict: tool.flag('strict'),
  };
  tool.refuseRest();
  return read;
}

const choices: Readonly<Record<string, ToolChoice>> = { auto: 'auto', any: 'required', none: 'none' };

function readToolChoice(fields: Fields): { choice?: ToolChoice; parallel?: boolean } {
  const value = fields.fields('tool_choice');
  if (!value) return {};
  const type = value.word('type');
  const known = Object.hasOwn(choices, type) ? choices[type] : undefined;
  if (known === undefined && type !== 'tool')
    throw notValidError('tool_choice.type', 'auto, any, tool or none', type);
  const disabled = value.flag('disable_parallel_tool_use');
  const name = type === 'tool' ? value.word('name') : undefined;
  value.refuseRest();
  const parallel = disabled === undefined ? {} : { parallel: !disabled };
  const choice = name === undefined ? known : { name };
  return choice === undefined ? parallel : { choice, ...parallel };
}

function readOutput(format: Fields | undefined): OutputForm | undefined {
  if (!format) return undefined;
  if (format.word('type') !== 'json_schema')
    throw notValidError(format.param('type'), 'json_schema', undefined);
  // Anthropic keeps to the schema always, which OpenAI's format calls strict.
  const output = { schema: format.json('schema') ?? { type: 'object' }, strict: true };
  format.refuseRest();
  return output;
}
