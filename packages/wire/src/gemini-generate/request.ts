import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import type { RequestFormat } from '../format/wire-format.js';
import { either, eitherName, integerOf, isObject } from '../request/json.js';
import { MediaTally } from '../request/media.js';
import type { ReadOptions } from '../request/read-options.js';
import { invalidValueError, unsupportedError } from '../request/refusals.js';
import type { RequestFacts, ToolUse } from '../request/request-facts.js';
import { geminiParts } from './parts.js';

const addedToAny = 64;

/** Fields of `generationConfig` that are known (@google/genai 2.32), in lower camel case. */
const configFields: ReadonlySet<string> = new Set(
  `temperature topP topK candidateCount maxOutputTokens stopSequences responseLogprobs logprobs presencePenalty
  frequencyPenalty seed responseMimeType responseSchema responseJsonSchema responseModalities mediaResolution speechConfig
  audioTimestamp thinkingConfig audioTranscriptionConfig enableEnhancedCivicAnswers imageConfig routingConfig
  modelSelectionConfig`.split(/\s+/),
);

/** Reads requests of Gemini's generateContent and streamGenerateContent. Fields may be in camel or in snake case. */
export const generateRequest: RequestFormat = {
  changeable: ['generationConfig', 'generation_config'],
  read(body: JsonObject, options: ReadOptions): RequestFacts {
    const contents = body.contents;
    if (!Array.isArray(contents)) throw invalidValueError('contents', 'an array', contents);
    const media = new MediaTally();
    contents.forEach((content, index) => {
      readContent(content, `contents[${index}]`, media);
    });
    const system = either(body, 'systemInstruction');
    if (system !== undefined) readContent(system, 'systemInstruction', media);
    if (either(body, 'cachedContent') !== undefined) media.add('cachedContent', 'cachedContent');
    const config = objectIn(body, 'generationConfig');
    checkConfig(config, options);
    const thinking = objectIn(config, 'thinkingConfig', 'generationConfig.');
    const answers = integerIn(config, 'candidateCount', 'generationConfig.', 1, options.maxAnswers ?? 16);
    const tier = either(body, 'serviceTier');
    if (tier !== undefined && typeof tier !== 'string')
      throw invalidValueError('serviceTier', 'a string', tier);
    return {
      stream: false,
      clientAskedForUsage: true,
      statedCap: integerIn(config, 'maxOutputTokens', 'generationConfig.', 1),
      extraOutputTokens: 0,
      leastOutputTokens: Math.max(0, thinkingBudget(thinking)),
      answers: answers ?? 1,
      cacheWrites: 'short',
      media: media.found,
      audioOutput: asksForAudio(config),
      tools: toolsOf(body),
      addedTokens: addedToAny,
      tier: tier === undefined ? undefined : { name: tier.toLowerCase(), param: 'serviceTier' },
      regional: false,
    };
  },
  writeCap(body, cap) {
    const name = isObject(body.get('generation_config')) ? 'generation_config' : 'generationConfig';
    const config = body.get(name);
    const { max_output_tokens: _replaced, ...rest } = isObject(config) ? config : {};
    body.set(name, { ...rest, maxOutputTokens: cap });
  },
};

function readContent(content: JsonValue, param: string, media: MediaTally): void {
  if (!isObject(content)) throw invalidValueError(param, 'an object', content);
  const parts = content.parts ?? [];
  if (!Array.isArray(parts) && !isObject(parts)) throw invalidValueError(`${param}.parts`, 'an array', parts);
  geminiParts(Array.isArray(parts) ? parts : [parts], `${param}.parts`, media);
}

function asksForAudio(config: JsonObject): boolean {
  const modalities = either(config, 'responseModalities');
  return Array.isArray(modalities) && modalities.some((one) => String(one).toUpperCase() === 'AUDIO');
}

/** -1 asks the model to decide, within its output cap. */
function thinkingBudget(thinking: JsonObject): number {
  return integerIn(thinking, 'thinkingBudget', 'generationConfig.thinkingConfig.', -1) ?? 0;
}

function checkConfig(config: JsonObject, options: ReadOptions): void {
  for (const name of Object.keys(config)) {
    const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const known = configFields.has(camel) || options.allowFields?.includes(name);
    if (!known && options.unknownFields !== 'allow') {
      throw unsupportedError(
        `generationConfig.${name}`,
        'the field is unknown, so its cost cannot be estimated',
      );
    }
  }
  for (const name of ['routingConfig', 'modelSelectionConfig']) {
    if (either(config, name) !== undefined) {
      throw unsupportedError(
        `generationConfig.${name}`,
        'it would choose another model than the one that was priced',
      );
    }
  }
}

/** Tools that the provider runs; `functionDeclarations` and `computerUse` are run by the client. */
function toolsOf(body: JsonObject): readonly ToolUse[] {
  const tools = body.tools ?? [];
  if (!Array.isArray(tools)) throw invalidValueError('tools', 'an array', tools);
  return tools.flatMap((tool, index) => {
    if (!isObject(tool)) throw invalidValueError(`tools[${index}]`, 'an object', tool);
    return Object.keys(tool)
      .filter((name) => !clientSide.has(name) && tool[name] !== null)
      .map((type) => ({ name: toolName(type), type, param: `tools[${index}].${type}` }));
  });
}

const clientSide: ReadonlySet<string> = new Set([
  'functionDeclarations',
  'function_declarations',
  'computerUse',
  'computer_use',
]);

function toolName(type: string): string {
  if (/^google_?search/i.test(type)) return 'web_search';
  return type.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function objectIn(object: JsonObject, name: string, prefix = ''): JsonObject {
  const value = either(object, name);
  if (value === undefined) return {};
  if (isObject(value)) return value;
  throw invalidValueError(prefix + name, 'an object', value);
}

function integerIn(
  object: JsonObject,
  name: string,
  prefix: string,
  least: number,
  most?: number,
): number | undefined {
  const written = eitherName(object, name);
  return written === undefined ? undefined : integerOf(object, written, prefix + name, least, most);
}
