import { injectionPhrases } from './injection-phrases.js';
import type { Token } from './phrase-matcher.js';

/** Scripts that write words without spaces between them, and Hangul, whose particles are glued on. */
const glued = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
const word =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー]+|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}])[\p{L}\p{M}\p{N}'])+/gu;

const beyondLatin = /[^\0-\u024f\u2000-\u206f]/;
const latinWord = /[a-z0-9'\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f]+/g;

/** Known words of such scripts, the longest first. */
const known = new RegExp(
  [...new Set<string>(injectionPhrases.flatMap(({ steps }) => steps.flat()))]
    .map((one) => one.replace('*', ''))
    .filter((one) => glued.test(one))
    .sort((a, b) => b.length - a.length)
    .map((one) =>
      one
        .normalize('NFKD')
        .replace(/[\u0300-\u036f]/g, '')
        .normalize('NFC'),
    )
    .join('|'),
  'gu',
);

/** Cuts a text into words. In scripts without spaces, only the words used by the rules are cut out. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  // In a text without such scripts a plain pattern finds the same words in a fraction of the time.
  if (!beyondLatin.test(text)) {
    for (const { 0: run, index: start } of text.matchAll(latinWord)) {
      tokens.push({ text: run, start, end: start + run.length });
    }
    return tokens;
  }
  for (const match of text.matchAll(word)) {
    const [run] = match;
    const start = match.index;
    if (!glued.test(run)) tokens.push({ text: run, start, end: start + run.length });
    else {
      for (const part of run.matchAll(known)) {
        const from = start + part.index;
        tokens.push({ text: part[0], start: from, end: from + part[0].length });
      }
    }
  }
  return tokens;
}
