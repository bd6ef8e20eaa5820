import type { WireApi } from '@tollgate/core/internal';
import { anthropicUsage } from './anthropic-usage.js';
import { geminiUsage } from './gemini-usage.js';
import { openaiChatUsage, openaiEmbeddingsUsage, openaiResponsesUsage } from './openai-usage.js';
import { type Fields, fieldsOf, type ReportedUsage } from './reported-usage.js';

const readers: Readonly<Record<WireApi, (usage: Fields) => ReportedUsage>> = {
  'openai-chat': openaiChatUsage,
  'openai-responses': openaiResponsesUsage,
  'openai-embeddings': openaiEmbeddingsUsage,
  'anthropic-messages': anthropicUsage,
  'gemini-generate': geminiUsage,
};

/** Reads a provider's usage object; `undefined` where it is no object. */
export function usageFrom(api: WireApi, usage: unknown): ReportedUsage | undefined {
  if (typeof usage !== 'object' || usage === null || Array.isArray(usage)) return undefined;
  return readers[api](fieldsOf(usage));
}

/** Output items of calls that the client runs. */
const clientRun: ReadonlySet<string> = new Set(
  'function_call custom_tool_call computer_call local_shell_call shell_call apply_patch_call tool_search_call'.split(
    ' ',
  ),
);

/**
 * Uses of the responses API's server-side tools, by name: counted from the output items (`mcp_call`, `image_generation_call`, …), since its
 * usage object lacks them.
 */
export function toolRequestsIn(output: unknown): Readonly<Record<string, number>> {
  const requests = new Map<string, number>();
  for (const item of Array.isArray(output) ? output : []) {
    const { type } = fieldsOf(item);
    if (typeof type !== 'string' || !type.endsWith('_call') || clientRun.has(type)) continue;
    const tool = type.slice(0, -'_call'.length);
    requests.set(tool, (requests.get(tool) ?? 0) + 1);
  }
  return Object.fromEntries(requests);
}

/** Counts of uses by tool, the larger of both: later events of a stream repeat the metadata of earlier ones. */
export function mostRequests(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const most = new Map(Object.entries(one));
  for (const [name, count] of Object.entries(other)) most.set(name, Math.max(most.get(name) ?? 0, count));
  return Object.fromEntries(most);
}
