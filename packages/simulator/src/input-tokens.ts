import type { Json } from './json.js';

/** Fields without prompt text: a tokenizer does not count them. */
const NOT_TEXT = new Set([
  'role',
  'type',
  'id',
  'tool_call_id',
  'tool_use_id',
  'call_id',
  'cache_control',
  'mimeType',
  'media_type',
]);

/** Number of runs of non-space characters. No byte-pair tokenizer in use merges across a space, so it counts at least as many. */
export function countWords(text: string): number {
  let words = 0;
  let inWord = false;
  for (let index = 0; index < text.length; index++) {
    const space = text.charCodeAt(index) <= 32;
    if (!space && !inWord) words += 1;
    inWord = !space;
  }
  return words;
}

/** Words of every prompt string inside the value. */
function wordsIn(value: Json | undefined, depth: number): number {
  if (typeof value === 'string') return countWords(value);
  if (typeof value !== 'object' || value === null || depth > 64) return 0;
  let words = 0;
  if (Array.isArray(value)) {
    for (const item of value) words += wordsIn(item, depth + 1);
    return words;
  }
  for (const key of Object.keys(value)) {
    if (!NOT_TEXT.has(key)) words += wordsIn(value[key], depth + 1);
  }
  return words;
}

/**
 * Input tokens of a request: one per word of the given prompt fields, 3 per message, 3 to begin with; at least 1, and
 * never above the UTF-8 bytes of the body.
 */
export function countInputTokens(
  fields: readonly (Json | undefined)[],
  messages: number,
  bodyBytes: number,
): number {
  let tokens = 3 + 3 * messages;
  for (const field of fields) tokens += wordsIn(field, 0);
  return Math.max(1, Math.min(tokens, bodyBytes));
}
