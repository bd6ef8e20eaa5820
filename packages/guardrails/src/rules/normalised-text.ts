/** The visible text, independent of how it was encoded. */
export interface NormalisedText {
  /** Lower case, one script a word, without invisible characters. */
  readonly text: string;
  /** Number of invisible characters: zero width, bidirectional controls, tags. */
  readonly invisible: number;
  /** The ASCII text spelt by tag characters (U+E0000 to U+E007F). */
  readonly hidden: string;
}

/** Zero-width and format characters, bidirectional controls, soft hyphen, variation selectors, tags (Unicode's own property). */
const unseen = /\p{Default_Ignorable_Code_Point}/gu;
const tags = /[\u{e0000}-\u{e007f}]/gu;
/** Ligatures of Arabic that compatibility forms turn into 18 and 8 characters; all others make 6 at most (Unicode 17, UAX #15). */
const longLigatures = /[\ufdfa\ufdfb]/g;
const ascii = /^[\0-\x7f]*$/;
/** Also the vowel signs of Arabic and the dots below Devanagari, which people leave out. */
const accents = /[\u0300-\u036f\u064b-\u0652\u093c]/g;
const emojiJoiner = /\p{Extended_Pictographic}[\ufe0f\u200d]/gu;

/** Letters of other scripts that look like Latin ones (those of Unicode's confusables that occur in attacks). */
const lookAlikes: Readonly<Record<string, string>> = {
  // Cyrillic
  а: 'a',
  в: 'b',
  с: 'c',
  ԁ: 'd',
  е: 'e',
  һ: 'h',
  і: 'i',
  ј: 'j',
  к: 'k',
  ӏ: 'l',
  м: 'm',
  н: 'h',
  о: 'o',
  р: 'p',
  ԛ: 'q',
  г: 'r',
  ѕ: 's',
  т: 't',
  у: 'y',
  ԝ: 'w',
  х: 'x',
  ѵ: 'v',
  ѐ: 'e',
  ё: 'e',
  // Greek
  α: 'a',
  β: 'b',
  ε: 'e',
  η: 'n',
  ι: 'i',
  κ: 'k',
  ν: 'v',
  ο: 'o',
  ρ: 'p',
  τ: 't',
  υ: 'u',
  χ: 'x',
  γ: 'y',
  ω: 'w',
  // Armenian, Latin extensions
  օ: 'o',
  ս: 'u',
  հ: 'h',
  ց: 'g',
  ı: 'i',
  ɡ: 'g',
  ɑ: 'a',
  ʟ: 'l',
  ɪ: 'i',
  ʀ: 'r',
  ɴ: 'n',
  ᴏ: 'o',
  ᴇ: 'e',
  ᴀ: 'a',
};
const leet: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};
const latin = /[a-z]/;
const foreign = /[\u0370-\u03ff\u0400-\u052f\u0531-\u0587\u0131\u0250-\u02af\u1d00-\u1d7f]/;
const leetWord = /^[^\s]*[a-z][^\s]*[013457@$!][^\s]*$|^[^\s]*[013457@$!][^\s]*[a-z][^\s]*$/;

/** Reverses what hides words: compatibility forms, accents, look-alikes, invisible characters, spaced-out letters. */
export function normalised(raw: string): NormalisedText {
  // Most prompts are ASCII, and hide nothing.
  if (ascii.test(raw)) return { text: unspaced(raw.toLowerCase()), invisible: 0, hidden: '' };
  const hidden = tagged(raw);
  const joiners = raw.match(emojiJoiner)?.length ?? 0;
  const invisible = Math.max(0, (raw.match(unseen)?.length ?? 0) - joiners);
  const plain = raw
    .replace(unseen, '')
    .replace(longLigatures, ' ')
    .normalize('NFKD')
    .replace(accents, '')
    .normalize('NFC')
    .toLowerCase();
  const joined = unspaced(plain);
  const latinised = foreign.test(joined) ? joined.split(/(\s+)/).map(unmixed).join('') : joined;
  return { text: latinised, invisible, hidden };
}

const mixesLeet = /[a-z][013457@$!]|[013457@$!][a-z]/;

/** The same with digits and signs read as the letters they replace, in words that have both: `1gn0r3`. */
export function withoutLeet(text: string): string {
  if (!mixesLeet.test(text)) return text;
  return text
    .split(/(\s+)/)
    .map((word) =>
      word.length <= 40 && leetWord.test(word)
        ? word.replace(/[013457@$!]/g, (one) => leet[one] ?? one)
        : word,
    )
    .join('');
}

const stretched = /(\p{L})\1{2,}/gu;
const split = /(?<=\p{L})[.·•|~^](?=\p{L})/gu;

/** The same without stretched or split words: `ignoooore`, `ig.no.re`. */
export function withoutPadding(text: string): string {
  return text.replace(stretched, '$1').replace(split, '');
}

function tagged(raw: string): string {
  let spelled = '';
  for (const tag of raw.match(tags) ?? []) {
    const code = (tag.codePointAt(0) ?? 0) - 0xe0000;
    if (code >= 0x20 && code < 0x7f) spelled += String.fromCharCode(code);
  }
  return spelled;
}

/** A word of two scripts, one of them Latin, is treated as a Latin word with look-alikes; a word of one script is left unchanged. */
function unmixed(word: string): string {
  if (!foreign.test(word) || !latin.test(word)) return word;
  return Array.from(word, (one) => lookAlikes[one] ?? one).join('');
}

const singleLetters = /(?<![\p{L}\p{N}])\p{L}(?:[ ._\-*|/]\p{L}(?![\p{L}\p{N}])){2,}/gu;

/** `i g n o r e` and `i.g.n.o.r.e` as one word: runs of three single letters and more. */
function unspaced(text: string): string {
  return text.replace(singleLetters, (run) => run.replace(/[ ._\-*|/]/g, ''));
}
