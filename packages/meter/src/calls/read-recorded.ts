import type { Usage } from '@tollgate/core';
import { accepts, describeValue, type RecordedCall, type WireApi } from '@tollgate/core/internal';
import { completed, type Fields, fieldsOf } from '../usage/reported-usage.js';
import { usageFrom } from '../usage/usage-in.js';

const counts = [
  'inputTokens',
  'cachedInputTokens',
  'cacheWriteTokens',
  'cacheWrite1hTokens',
  'outputTokens',
  'reasoningTokens',
  'inputAudioTokens',
  'outputAudioTokens',
] as const;

/** Reads recorded usage: in Tollgate's format, or a provider's. @throws TypeError for figures that are no counts. */
export function readRecorded(call: RecordedCall): { api: WireApi; usage: Usage } {
  if (accepts.object(call) !== true) {
    throw new TypeError(`record: expected { provider, model, usage }, received ${describeValue(call)}`);
  }
  check('provider', call.provider, accepts.string);
  check('model', call.model, accepts.string);
  check('usage', call.usage, accepts.object);
  const fields = fieldsOf(call.usage);
  const api = apiOfUsage(fields);
  if (!api) return { api: 'openai-chat', usage: ownUsage(fields) };
  const said = usageFrom(api, fields.usageMetadata ?? fields);
  if (!said || said.suspicious || said.inputTokens === undefined) {
    throw new TypeError(
      'record: "usage" holds a figure that is not an integer of 0 or more, or not all of them',
    );
  }
  return { api, usage: completed(said, { inputTokens: 0, outputTokens: 0 }, 'provider') };
}

function apiOfUsage(usage: Fields): WireApi | undefined {
  if ('prompt_tokens' in usage) return 'openai-chat';
  if ('promptTokenCount' in usage || 'usageMetadata' in usage) return 'gemini-generate';
  if (!('input_tokens' in usage)) return undefined;
  const anthropic = ['cache_read_input_tokens', 'cache_creation_input_tokens', 'cache_creation'];
  return anthropic.some((name) => name in usage) ? 'anthropic-messages' : 'openai-responses';
}

function ownUsage(fields: Fields): Usage {
  const usage = { ...nothing };
  for (const name of counts) {
    if (fields[name] === undefined) continue;
    check(`usage.${name}`, fields[name], accepts.wholeNumber);
    usage[name] = Number(fields[name]);
  }
  if (fields.inputTokens === undefined && fields.outputTokens === undefined) {
    throw new TypeError(
      'record: "usage" needs inputTokens or outputTokens, or has to be a provider’s usage object',
    );
  }
  const toolRequests: Record<string, number> = {};
  for (const [tool, uses] of Object.entries(fieldsOf(fields.toolRequests))) {
    check(`usage.toolRequests.${tool}`, uses, accepts.wholeNumber);
    toolRequests[tool] = Number(uses);
  }
  const tier = typeof fields.tier === 'string' ? fields.tier : undefined;
  const source = fields.source === 'estimated' ? 'estimated' : 'provider';
  return completed({ ...usage, toolRequests, tier }, { inputTokens: 0, outputTokens: 0 }, source);
}

const nothing = {
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  reasoningTokens: 0,
  inputAudioTokens: 0,
  outputAudioTokens: 0,
  suspicious: false,
};

function check(name: string, value: unknown, accept: (value: unknown) => true | string): void {
  const verdict = accept(value);
  if (verdict !== true) {
    throw new TypeError(`record: "${name}" must be ${verdict}, received ${describeValue(value)}`);
  }
}
