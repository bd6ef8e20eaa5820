import type { JsonObject } from '@tollgate/core/internal';
import type { RequestFacts } from '@tollgate/wire/internal';
import type { ParseOptions } from './parse-options.js';
import { countTokens, tokenizerOf } from './token-bound.js';

/** Providers that are known to read media as media; with all others its bytes count as text as well. */
const readsMedia: readonly string[] = ['openai', 'azure', 'anthropic', 'google'];

/** Bounds of a request's text, in tokens. */
export interface TextBound {
  /** For a model of this provider. */
  for(model: string): number;
}

/**
 * The bound of a request's text in tokens: its UTF-8 bytes. No tokenizer makes more tokens of a text than it has bytes, and the tokens that
 * a provider adds around messages and tools are fewer than the bytes of their JSON. By option, text is counted for models whose tokenizer
 * is known.
 */
export function textBound(
  body: JsonObject,
  text: string,
  facts: RequestFacts,
  provider: string,
  options: ParseOptions,
): TextBound {
  const bytes = textBytes(text, facts, provider);
  // Media may contain anything, also spaces, and its bytes are already subtracted.
  const countable = options.inputBound === 'tokens' && facts.media.size === 0;
  if (!countable || bytes <= (options.countAboveBytes ?? 2_048)) return { for: () => bytes };
  let counted: number | undefined;
  return {
    for(model) {
      const tokenizer = tokenizerOf(provider, model);
      if (!tokenizer) return bytes;
      counted ??= bytes - countTokens(body, tokenizer).saved;
      return counted;
    },
  };
}

function textBytes(text: string, facts: RequestFacts, provider: string): number {
  let bytes = Buffer.byteLength(text);
  if (!readsMedia.includes(provider)) return bytes;
  for (const media of facts.media.values()) bytes -= media.bytes;
  return bytes;
}
