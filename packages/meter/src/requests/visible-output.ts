import type { JsonObject, JsonValue } from '@tollgate/core/internal';

/**
 * Models whose providers state that every billed output token is returned: none of them reasons unless it is asked to. From the model
 * pages of OpenAI, Anthropic, Google, DeepSeek, Mistral, Meta and Cohere, as of 2026-11. A model that is not listed may reason unseen.
 */
const visibleModels: readonly RegExp[] = [
  /^(?:ft:)?gpt-3\.5-turbo/,
  /^(?:ft:)?gpt-4(?:$|-|o|\.1|\.5)/,
  /^chatgpt-4o/,
  /^claude-(?:3|instant|2)/,
  /^claude-(?:haiku|sonnet|opus)-4/,
  /^gemini-(?:1\.5|2\.0)-(?!.*thinking)/,
  /^gemma/,
  /^deepseek-(?:chat|coder|v3)/,
  /^(?:open-)?(?:mistral|mixtral|ministral|codestral|pixtral)/,
  /^(?:meta-)?llama/i,
  /^command(?:$|-)(?!.*reasoning)/,
];

/** Settings of a request that make a model reason, and the values that keep it from doing so. */
const reasoningFields = ['thinking', 'reasoning', 'reasoning_effort', 'thinkingConfig', 'enable_thinking'];

/** Whether a model, asked like this, shows every output token that it bills. */
export function showsItsOutput(model: string, body: JsonObject): boolean {
  const name = model.slice(model.lastIndexOf('/') + 1);
  if (!visibleModels.some((known) => known.test(name))) return false;
  const config = body.generationConfig;
  const settings = isRecord(config) ? { ...body, ...config } : body;
  return reasoningFields.every((field) => isOff(settings[field]));
}

function isOff(setting: JsonValue | undefined): boolean {
  if (setting === undefined || setting === null || setting === false) return true;
  if (setting === 'none') return true;
  return isRecord(setting) && setting.type === 'disabled';
}

function isRecord(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
