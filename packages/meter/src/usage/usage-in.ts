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

/** Tools whose use a provider prices apart, by the type of output item that shows it. */
const pricedItems: Readonly<Record<string, string>> = {
  web_search_call: 'web_search',
  file_search_call: 'file_search',
  code_interpreter_call: 'code_interpreter',
};

/** Uses of the responses API's server-side tools: counted from the output items, since its usage object lacks them. */
export function toolRequestsIn(output: unknown): Readonly<Record<string, number>> {
  const requests: Record<string, number> = {};
  for (const item of Array.isArray(output) ? output : []) {
    const tool = pricedItems[String(fieldsOf(item).type)];
    if (tool) requests[tool] = (requests[tool] ?? 0) + 1;
  }
  return requests;
}
