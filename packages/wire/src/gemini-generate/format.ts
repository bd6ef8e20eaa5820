import type { WireFormat } from '../format/wire-format.js';
import { words } from '../request/known-fields.js';
import { GenerateAnswer, generateEndsIn } from './answer.js';
import { generateRequest } from './request.js';
import { offersServerTools } from './tools.js';
import { geminiUsage } from './usage.js';

/** Gemini's generateContent and streamGenerateContent. Fields as of @google/genai 2.32. */
export const geminiGenerate: WireFormat = {
  api: 'gemini-generate',
  errors: 'gemini',
  owner: 'google',
  modelInPath: true,
  actions: { generatecontent: { stream: false }, streamgeneratecontent: { stream: true } },
  path: '/v1beta/models/{model}:{action}',
  wholeList: 'pageSize=1000',
  needsModel: true,
  needsCap: false,
  streamQuery: 'alt=sse',
  hasOutput: true,
  fields: words(`contents systemInstruction system_instruction tools toolConfig tool_config safetySettings
    safety_settings generationConfig generation_config cachedContent cached_content labels serviceTier service_tier store
    model`),
  request: generateRequest,
  capField: () => 'generationConfig.maxOutputTokens',
  hasUsage: (usage) => 'promptTokenCount' in usage,
  usage: geminiUsage,
  answer: (answers) => new GenerateAnswer(answers),
  endsIn: generateEndsIn,
  lastEvent: /"finishReason" ?: ?"/,
  settings: (body) => body.generationConfig ?? body.generation_config,
  hasServerTools: offersServerTools,
};
