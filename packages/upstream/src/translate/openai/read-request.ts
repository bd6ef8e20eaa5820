import type { JsonObject } from '@tollgate/core/internal';
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
import { readEffort, readTier, readUser, takeCacheHints } from './read-common.js';
import { readMessages } from './read-messages.js';

/** Reads a request of OpenAI's chat completions. Refuses fields without a counterpart by name. */
export function readOpenAiRequest(body: JsonObject): NeutralRequest {
  const fields = new Fields(body);
  const model = fields.word('model');
  const { system, turns } = readMessages(fields.each('messages'));
  if (turns.length === 0)
    throw notValidError('messages', 'an array with at least one message of the user', []);
  const stream = fields.flag('stream') ?? false;
  const streaming = fields.fields('stream_options');
  const usageInStream = streaming?.flag('include_usage') ?? false;
  streaming?.only('include_obfuscation', [false], 'its padding is of OpenAI alone');
  streaming?.refuseRest();
  const tools = fields.each('tools').map(readTool);
  const settings = readSettings(fields);
  checkHarmless(fields);
  fields.refuseRest();
  return { model, stream, usageInStream, system, turns, tools, settings };
}

function readSettings(fields: Fields): Settings {
  const asked = <Value>(name: string, value: Value | undefined): Asked<Value> | undefined =>
    value === undefined ? undefined : { value, param: fields.param(name) };
  const cap = fields.count('max_completion_tokens', 1);
  const legacyCap = fields.count('max_tokens', 1);
  if (cap !== undefined && legacyCap !== undefined && cap !== legacyCap) {
    throw notTranslatableError('max_tokens', 'max_completion_tokens states another cap');
  }
  const effort = readEffort(fields, 'reasoning_effort');
  const reasoning: Reasoning | undefined = effort === undefined ? undefined : { effort, shown: false };
  return {
    maxTokens: cap === undefined ? asked('max_tokens', legacyCap) : asked('max_completion_tokens', cap),
    temperature: asked('temperature', fields.number('temperature')),
    topP: asked('top_p', fields.number('top_p')),
    stop: asked('stop', readStop(fields)),
    seed: asked('seed', fields.number('seed')),
    presencePenalty: asked('presence_penalty', fields.number('presence_penalty') || undefined),
    frequencyPenalty: asked('frequency_penalty', fields.number('frequency_penalty') || undefined),
    toolChoice: asked('tool_choice', readToolChoice(fields)),
    parallelCalls: asked('parallel_tool_calls', fields.flag('parallel_tool_calls')),
    output: asked('response_format', readOutput(fields.fields('response_format'))),
    reasoning: asked('reasoning_effort', reasoning),
    verbosity: asked('verbosity', fields.text('verbosity')),
    user: readUser(fields),
    standardTier: asked('service_tier', readTier(fields)),
  };
}

function readStop(fields: Fields): readonly string[] | undefined {
  const value = fields.take('stop');
  if (value === undefined) return undefined;
  const list = Array.isArray(value) ? value : [value];
  const texts = list.filter((one) => typeof one === 'string');
  if (texts.length < list.length) throw notValidError('stop', 'a string or an array of strings', value);
  return texts;
}

function readTool(tool: Fields): Tool {
  if (tool.word('type') !== 'function') {
    throw notTranslatableError(tool.param('type'), 'only tools of type "function" can be translated');
  }
  const definition = Fields.of(tool.take('function'), tool.param('function'));
  const read: Tool = {
    param: tool.path,
    name: definition.word('name'),
    description: definition.text('description'),
    schema: definition.json('parameters'),
    strict: definition.flag('strict'),
  };
  definition.refuseRest();
  tool.refuseRest();
  return read;
}

function readToolChoice(fields: Fields): ToolChoice | undefined {
  const value = fields.take('tool_choice');
  if (value === undefined || value === 'auto' || value === 'none' || value === 'required') return value;
  if (typeof value === 'string')
    throw notValidError('tool_choice', 'auto, none, required or a function', value);
  const choice = Fields.of(value, 'tool_choice');
  if (choice.word('type') !== 'function') {
    throw notTranslatableError('tool_choice.type', 'only the choice of one function can be translated');
  }
  const chosen = Fields.of(choice.take('function'), 'tool_choice.function');
  const name = chosen.word('name');
  chosen.refuseRest();
  choice.refuseRest();
  return { name };
}

function readOutput(format: Fields | undefined): OutputForm | undefined {
  if (!format) return undefined;
  const type = format.word('type');
  if (type !== 'json_schema') {
    format.refuseRest();
    if (type === 'text') return undefined;
    if (type === 'json_object') return {};
    throw notTranslatableError(
      'response_format.type',
      'only text, json_object and json_schema can be translated',
    );
  }
  const form = Fields.of(format.take('json_schema'), 'response_format.json_schema');
  const output: OutputForm = {
    name: form.word('name'),
    description: form.text('description'),
    schema: form.json('schema') ?? { type: 'object' },
    strict: form.flag('strict'),
  };
  form.refuseRest();
  format.refuseRest();
  return output;
}

/** Fields that change nothing with these values. */
function checkHarmless(fields: Fields): void {
  takeCacheHints(fields);
  fields.only('n', [1], 'one answer at a time can be translated');
  fields.only('store', [false], 'the answer is kept nowhere');
  fields.only('logprobs', [false], 'the provider that answers has no such log probabilities');
  const modalities = fields.list('modalities');
  if (modalities?.some((one) => one !== 'text'))
    throw notTranslatableError('modalities', 'only text can be translated');
  const bias = fields.json('logit_bias');
  if (bias && Object.keys(bias).length > 0)
    throw notTranslatableError('logit_bias', 'tokens have other numbers elsewhere');
}
