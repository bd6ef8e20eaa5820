import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import { describedSchema } from '../described-schema.js';
import type { NeutralRequest, Settings, Tool } from '../neutral-request.js';
import { notTranslatableError } from '../not-translatable.js';
import { refuseSettings } from '../refuse-settings.js';
import { writeContents } from './write-contents.js';
import { writeThinking } from './write-thinking.js';

const provider = 'Gemini';

/** Writes a request of Gemini's generateContent. The model and whether it streams are the URL's matter. */
export function writeGeminiRequest(request: NeutralRequest): JsonObject {
  const { settings, system, tools } = request;
  refuseSettings(settings, ['user', 'verbosity', 'standardTier'], provider);
  const { parallelCalls, stop } = settings;
  if (parallelCalls?.value === false)
    throw notTranslatableError(parallelCalls.param, `${provider} cannot be kept from it`);
  if (stop && stop.value.length > 5) throw notTranslatableError(stop.param, `${provider} takes at most five`);
  const body: JsonObject = { contents: writeContents(request.turns) };
  if (system.length > 0) body.systemInstruction = { parts: system.map(({ text }) => ({ text })) };
  if (tools.length > 0) body.tools = [{ functionDeclarations: tools.map(declarationOf) }];
  const calling = callingOf(settings, tools);
  if (calling) body.toolConfig = { functionCallingConfig: calling };
  const config = configOf(request);
  if (Object.keys(config).length > 0) body.generationConfig = config;
  return body;
}

function configOf({ model, settings }: NeutralRequest): JsonObject {
  const { output, stop } = settings;
  const fields: Record<string, JsonValue | undefined> = {
    maxOutputTokens: settings.maxTokens?.value,
    temperature: settings.temperature?.value,
    topP: settings.topP?.value,
    topK: settings.topK?.value,
    stopSequences: stop && [...stop.value],
    seed: settings.seed?.value,
    presencePenalty: settings.presencePenalty?.value,
    frequencyPenalty: settings.frequencyPenalty?.value,
    responseMimeType: output && 'application/json',
    responseJsonSchema: output && describedSchema(output.value),
    thinkingConfig: settings.reasoning && writeThinking(model, settings.reasoning),
  };
  const config: JsonObject = {};
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) config[name] = value;
  return config;
}

function declarationOf(tool: Tool): JsonObject {
  const made: JsonObject = { name: tool.name };
  if (tool.description !== undefined) made.description = tool.description;
  if (tool.schema) made.parametersJsonSchema = tool.schema;
  return made;
}

/** `VALIDATED` keeps calls to their schemas, which the other formats call strict; `ANY` does so anyway. */
function callingOf({ toolChoice }: Settings, tools: readonly Tool[]): JsonObject | undefined {
  const choice = toolChoice?.value ?? 'auto';
  if (typeof choice === 'object') return { mode: 'ANY', allowedFunctionNames: [choice.name] };
  if (choice === 'required') return { mode: 'ANY' };
  if (choice === 'none') return { mode: 'NONE' };
  if (tools.some(({ strict }) => strict)) return { mode: 'VALIDATED' };
  return toolChoice && { mode: 'AUTO' };
}
