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
import { readContents } from './read-contents.js';
import { jsonSchemaOf } from './schema.js';

const levels: Readonly<Record<string, Effort>> = {
  MINIMAL: 'minimal',
  LOW: 'low',
  MEDIUM: 'medium',
  HIGH: 'high',
};

/** Reads a request of Gemini's generateContent, its fields in camel case. The path contains the model, and whether it streams. */
export function readGeminiRequest(
  body: JsonObject,
  path: { model: string; stream: boolean },
): NeutralRequest {
  const fields = new Fields(body);
  const { model, stream } = path;
  fields.only('model', [model, `models/${model}`], 'the path names another model');
  const turns = readContents(fields.each('contents'));
  if (turns.length === 0) throw notValidError('contents', 'an array with at least one content', []);
  const system = readSystem(fields.fields('systemInstruction'));
  const calling = readCalling(fields.fields('toolConfig'));
  const tools = fields.each('tools').flatMap((tool) => readTools(tool, calling.strict));
  const settings = readSettings(fields.fields('generationConfig'), calling.choice);
  fields.refuseRest();
  return { model, stream, usageInStream: true, system, turns, tools, settings };
}

function readSystem(content: Fields | undefined): TextPart[] {
  if (!content) return [];
  content.take('role');
  const parts = content.each('parts').map((part): TextPart => {
    const text = part.word('text');
    part.refuseRest();
    return { kind: 'text', text };
  });
  content.refuseRest();
  return parts;
}

function readTools(tool: Fields, strict: boolean): Tool[] {
  const declared = tool.each('functionDeclarations').map((declaration): Tool => {
    const schema = declaration.json('parametersJsonSchema');
    const own = declaration.json('parameters');
    if (schema && own)
      throw notTranslatableError(declaration.param('parameters'), 'parametersJsonSchema is another schema');
    const read = {
      param: declaration.path,
      name: declaration.word('name'),
      description: declaration.text('description'),
      schema: schema ?? (own && jsonSchemaOf(own)),
      strict: strict || undefined,
    };
    declaration.refuseRest();
    return read;
  });
  tool.refuseRest('tools that Gemini runs cannot be translated');
  return declared;
}

function readCalling(config: Fields | undefined): {
  choice?: Asked<ToolChoice> | undefined;
  strict: boolean;
} {
  const calling = config?.fields('functionCallingConfig');
  config?.refuseRest();
  if (!calling) return { strict: false };
  const param = calling.param('mode');
  const mode = calling.text('mode') ?? 'AUTO';
  const allowed = calling.list('allowedFunctionNames') ?? [];
  calling.refuseRest();
  const [name] = allowed;
  if (allowed.length > 1 || (allowed.length > 0 && mode !== 'ANY')) {
    throw notTranslatableError(
      calling.param('allowedFunctionNames'),
      'only the choice of one function can be translated',
    );
  }
  if (typeof name === 'string') return { choice: { value: { name }, param }, strict: false };
  const choices: Readonly<Record<string, ToolChoice>> = {
    AUTO: 'auto',
    VALIDATED: 'auto',
    ANY: 'required',
    NONE: 'none',
  };
  const value = Object.hasOwn(choices, mode) ? choices[mode] : undefined;
  if (value === undefined) throw notValidError(param, 'AUTO, ANY, NONE or VALIDATED', mode);
  return { choice: { value, param }, strict: mode === 'VALIDATED' };
}

function readSettings(config: Fields | undefined, toolChoice: Asked<ToolChoice> | undefined): Settings {
  if (!config) return { toolChoice };
  const asked = <Value>(name: string, value: Value | undefined): Asked<Value> | undefined =>
    value === undefined ? undefined : { value, param: config.param(name) };
  config.only('candidateCount', [1], 'one answer at a time can be translated');
  const modalities = config.list('responseModalities');
  if (modalities?.some((one) => one !== 'TEXT')) {
    throw notTranslatableError(config.param('responseModalities'), 'only text can be translated');
  }
  const settings: Settings = {
    toolChoice,
    maxTokens: asked('maxOutputTokens', config.count('maxOutputTokens', 1)),
    temperature: asked('temperature', config.number('temperature')),
    topP: asked('topP', config.number('topP')),
    topK: asked('topK', config.number('topK')),
    stop: asked('stopSequences', readStop(config)),
    seed: asked('seed', config.number('seed')),
    presencePenalty: asked('presencePenalty', config.number('presencePenalty') || undefined),
    frequencyPenalty: asked('frequencyPenalty', config.number('frequencyPenalty') || undefined),
    output: asked('responseMimeType', readOutput(config)),
    reasoning: asked('thinkingConfig', readThinking(config.fields('thinkingConfig'))),
  };
  config.refuseRest();
  return settings;
}

function readStop(config: Fields): readonly string[] | undefined {
  const list = config.list('stopSequences');
  const texts = list?.filter((one) => typeof one === 'string');
  if (texts?.length !== list?.length)
    throw notValidError(config.param('stopSequences'), 'an array of strings', list);
  return texts && texts.length > 0 ? texts : undefined;
}

function readOutput(config: Fields): OutputForm | undefined {
  const type = config.text('responseMimeType') ?? 'text/plain';
  const schema = config.json('responseJsonSchema');
  const own = config.json('responseSchema');
  if (schema && own)
    throw notTranslatableError(config.param('responseSchema'), 'responseJsonSchema is another schema');
  if (type === 'application/json') {
    const either = schema ?? (own && jsonSchemaOf(own));
    return either ? { schema: either } : {};
  }
  if (type === 'text/plain' && !schema && !own) return undefined;
  throw notTranslatableError(config.param('responseMimeType'), 'only plain text and JSON can be translated');
}

function readThinking(config: Fields | undefined): Reasoning | undefined {
  if (!config) return undefined;
  const shown = config.flag('includeThoughts') ?? false;
  const budget = config.count('thinkingBudget', -1);
  const level = config.text('thinkingLevel');
  config.refuseRest();
  if (budget !== undefined && level !== undefined)
    throw notTranslatableError(config.param('thinkingBudget'), 'thinkingLevel says how much');
  const effort = level === undefined || !Object.hasOwn(levels, level) ? undefined : levels[level];
  if (level !== undefined && !effort)
    throw notValidError(config.param('thinkingLevel'), 'MINIMAL, LOW, MEDIUM or HIGH', level);
  return { effort, budget: budget === -1 ? undefined : budget, shown };
}
