/** Letters of a lower-case word that are a token at most; words that are split are mostly split so. */
const lettersPerToken = 8;
const digitsPerToken = 3;

const isLower = (code: number): boolean => code >= 0x61 && code <= 0x7a;
const isUpper = (code: number): boolean => code >= 0x41 && code <= 0x5a;
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/**
 * The approximate number of tokens of a text, by its shape: a word of up to 8 letters, 3 digits, a mark, a line's end, and a character of
 * three bytes are a token each, two characters of two bytes are one, and a character of four bytes is three. Measured against `o200k_base`
 * on prose, code, JSON, tables, base64 and nine other scripts (`test/usage/text-tokens`): 0.85 to 2.6 times its count. No tokenizer runs,
 * since this function processes every chunk of every stream. `text`: bytes of a JSON string read as Latin-1, with its escapes. At least one
 * token, where there is any text.
 */
export function textTokens(text: string, from: number, to: number): number {
  let tokens = 0;
  let at = from;
  while (at < to) {
    const code = text.charCodeAt(at);
    const start = at;
    at += 1;
    if (isLower(code) || isUpper(code)) {
      // A capital starts a new word, unless it is the first letter of one.
      while (at < to && isLower(text.charCodeAt(at))) at += 1;
      tokens += Math.ceil((at - start) / lettersPerToken);
    } else if (isDigit(code)) {
      while (at < to && isDigit(text.charCodeAt(at))) at += 1;
      tokens += Math.ceil((at - start) / digitsPerToken);
    } else if (code === 0x20) {
      // One space belongs to the word behind it; more of them are one token.
      while (at < to && text.charCodeAt(at) === 0x20) at += 1;
      if (at - start > 1) tokens += 1;
    } else if (code === 0x5c) {
      // An escape: `\n`, `\"`, or `\u` with four digits.
      at += text.charCodeAt(at) === 0x75 ? 5 : 1;
      tokens += 1;
    } else if (code >= 0xf0) {
      at += 3;
      tokens += 3;
    } else if (code >= 0xe0) {
      at += 2;
      tokens += 1;
    } else if (code >= 0xc0) {
      at += 1;
      tokens += 0.5;
    } else {
      tokens += 1;
    }
  }
  return from < to ? Math.max(1, Math.ceil(tokens)) : 0;
}
