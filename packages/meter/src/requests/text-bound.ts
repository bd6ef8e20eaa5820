import type { JsonObject } from '@tollgate/core';
import type { ParseOptions } from './parse-options.js';
import type { RequestFacts } from './request-facts.js';

/** Providers that are known to read media as media; with all others its bytes count as text as well. */
const readsMedia: readonly string[] = ['openai', 'azure', 'anthropic', 'google'];

/**
 * The bound of a request's text in tokens. No tokenizer makes more tokens of a text than it has UTF-8 bytes, and what a
 * provider adds around messages and tools is shorter than their JSON.
 */
export function textTokensOf(
  _body: JsonObject,
  text: string,
  facts: RequestFacts,
  provider: string,
  _model: string,
  _options: ParseOptions,
): number {
  let bytes = Buffer.byteLength(text);
  if (!readsMedia.includes(provider)) return bytes;
  for (const media of facts.media.values()) bytes -= media.bytes;
  return bytes;
}
