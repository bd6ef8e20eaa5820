import type { Usage } from '@tollgate/core';
import { accepts, describeValue, type RecordedCall, type WireApi } from '@tollgate/core/internal';
import { completed, type Fields, fieldsOf, formatOfUsage } from '@tollgate/wire/internal';

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
export function readRecorded(call: RecordedCall): { api: WireApi | undefined; usage: Usage } {
  if (accepts.object(call) !== true) {
    throw new TypeError(`record: expected { provider, model, usage }, received ${describeValue(call)}`);
  }
  check('provider', call.provider, accepts.string);
  check('model', call.model, accepts.string);
  check('usage', call.usage, accepts.object);
  const fields = fieldsOf(call.usage);
  const said = fieldsOf(fields.usageMetadata ?? fields);
  const format = formatOfUsage(said);
  if (!format) return { api: undefined, usage: ownUsage(fields) };
  const usage = format.usage(said);
  if (usage.suspicious || usage.inputTokens === undefined) {
    throw new TypeError(
      'record: "usage" holds a figure that is not an integer of 0 or more, or not all of them',
    );
  }
  return { api: format.api, usage: completed(usage, { inputTokens: 0, outputTokens: 0 }, 'provider') };
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
