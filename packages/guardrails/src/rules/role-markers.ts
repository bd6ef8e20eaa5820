import type { Finding } from '../inspect/rule.js';

interface Marker {
  readonly pattern: RegExp;
  /** Every match contains one of these: other texts are not searched. */
  readonly signs?: readonly string[];
  readonly weight: number;
}

/**
 * Marks with which chat templates and people separate roles, which the text of one message should not contain. Each pattern is of bounded
 * length, so that the search is linear.
 */
const markers: readonly Marker[] = [
  {
    pattern:
      /<\|(?:im_start|im_end|system|user|assistant|endoftext|begin_of_text|start_header_id|end_header_id|eot_id|endofprompt|channel|message)\|?>?/gi,
    signs: ['<|'],
    weight: 0.8,
  },
  { pattern: /\[\/?INST\]|<<\/?SYS>>|<\/?s>\s{0,3}\[INST\]/g, signs: ['[', '<'], weight: 0.8 },
  {
    pattern:
      /<\/?(?:system|system_prompt|system_instructions?|assistant_instructions?|sys|developer|admin)>/gi,
    signs: ['<'],
    weight: 0.6,
  },
  { pattern: /<(?:start|end)_of_turn>/gi, signs: ['<'], weight: 0.8 },
  {
    pattern:
      /(?:^|[\n\r])[ \t#*\-[]{0,6}(?:system|developer)(?: (?:prompt|message|override|note|update|instruction|instructions|admin))?[ \t*\]]{0,4}:/gi,
    signs: [':'],
    weight: 0.5,
  },
  {
    pattern: /(?:^|[\n\r])[ \t]{0,3}#{2,4} ?(?:new )?(?:instruction|system|response|system prompt)s?\b/gi,
    signs: ['##'],
    weight: 0.4,
  },
  {
    pattern: /(?:^|[\n\r])(?:\s{0,3})(?:human|user): ?[^\n]{0,200}[\n\r]{1,3}\s{0,3}(?:assistant|ai): ?/gi,
    signs: [':'],
    weight: 0.35,
  },
  { pattern: /["']role["']\s{0,3}:\s{0,3}["'](?:system|developer)["']/gi, signs: [':'], weight: 0.55 },
  {
    pattern:
      /(?:-{3,12}|={3,12}|#{3,12}|~{3,12}) ?(?:end|begin|start|stop) ?(?:of|the)? ?(?:the )?(?:system|user|prompt|document|instructions?|context|input|data|text|email|message)/gi,
    signs: ['---', '===', '###', '~~~'],
    weight: 0.6,
  },
  {
    pattern:
      /<!--[^>]{0,200}(?:assistant|\bignore (?:all|any|the|previous|prior|above|your|every)|instruction|\bai\b|llm|system)[^>]{0,200}/gi,
    signs: ['<!--'],
    weight: 0.5,
  },
  { pattern: /\bSYSTEM ?: /g, signs: [':'], weight: 0.4 },
  {
    pattern: /<\/[a-z]{1,20}>\s{0,3}<(?:new_)?(?:instruction|system|prompt|command|order)s?>/gi,
    signs: ['</'],
    weight: 0.6,
  },
  { pattern: /(?:display: ?none|font-size: ?0|[ "]hidden>|\[white text\])/gi, weight: 0.25 },
  {
    pattern: /!\[[^\]\n]{0,80}\]\(https?:\/\/[^\s)]{1,200}[?&]\w{1,20}=[A-Z_]{4,}/g,
    signs: ['!['],
    weight: 0.5,
  },
  {
    pattern: /!\[[^\]\n]{0,80}\]\(https?:\/\/[^\s)]{1,200}[?&=/](?:\{|%7b|\[|<|\$)/gi,
    signs: ['!['],
    weight: 0.7,
  },
];

/** Role marks in a text. */
export function roleMarkers(text: string): Finding[] {
  const found: Finding[] = [];
  for (const { pattern, signs, weight } of markers) {
    if (signs && !signs.some((sign) => text.includes(sign))) continue;
    pattern.lastIndex = 0;
    const match = pattern.exec(text);
    if (match) {
      found.push({ kind: 'injection.role', start: match.index, end: match.index + match[0].length, weight });
    }
  }
  return found;
}
