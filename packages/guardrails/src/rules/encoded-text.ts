/** A text that was found inside another, encoded. */
export interface EncodedText {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Most characters that are decoded of one text: what is longer is data, not a sentence. */
const maxDecoded = 20_000;
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S}\s]+$/u;

const base64 = /[A-Za-z0-9+/_-]{20,}={0,2}/g;
const hex = /(?:[0-9a-fA-F]{2}[ :]?){12,}/g;
const percent = /(?:%[0-9a-fA-F]{2}|[A-Za-z0-9._+-]){12,}/g;
const entities = /(?:&#(?:\d{2,6}|x[0-9a-f]{2,5});){4,}/gi;
const escaped = /(?:\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}){4,}/g;

/** Sentences hidden as base64, hex, percent signs, escapes or entities of HTML: runs that decode to text with words and spaces in it. */
export function encodedTexts(text: string): EncodedText[] {
  const found: EncodedText[] = [];
  let left = maxDecoded;
  const look = (pattern: RegExp, decode: (run: string) => string | undefined): void => {
    for (const match of text.matchAll(pattern)) {
      const run = match[0].slice(0, left);
      if (run.length === 0) return;
      left -= run.length;
      const decoded = decode(run);
      if (decoded !== undefined && isSentence(decoded)) {
        found.push({ text: decoded, start: match.index, end: match.index + match[0].length });
      }
    }
  };
  look(base64, fromBase64);
  look(hex, (run) => Buffer.from(run.replace(/[ :]/g, ''), 'hex').toString('utf8'));
  if (text.includes('%')) look(percent, (run) => (run.includes('%') ? fromPercent(run) : undefined));
  if (text.includes('&#')) look(entities, fromEntities);
  if (text.includes('\\'))
    look(escaped, (run) =>
      run.replace(/\\[ux]([0-9a-fA-F]+)/g, (_, digits: string) =>
        String.fromCharCode(Number.parseInt(digits, 16)),
      ),
    );
  return found;
}

/** The text with each letter of the Latin alphabet moved by 13. */
export function rotated(text: string): string {
  return text.replace(/[a-z]/g, (one) => String.fromCharCode(((one.charCodeAt(0) - 97 + 13) % 26) + 97));
}

/** The text from its end to its beginning. */
export function reversed(text: string): string {
  return Array.from(text).reverse().join('');
}

function fromBase64(run: string): string {
  return Buffer.from(run, 'base64').toString('utf8');
}

function fromPercent(run: string): string | undefined {
  try {
    return decodeURIComponent(run.replace(/\+/g, ' '));
  } catch {
    return undefined;
  }
}

function fromEntities(run: string): string {
  return run.replace(/&#(x?)([0-9a-f]+);?/gi, (_, sign: string, digits: string) => {
    const code = Number.parseInt(digits, sign === '' ? 10 : 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : '';
  });
}

function isSentence(text: string): boolean {
  return /\p{L}{2}[\s_-]{1,3}\p{L}{2}/u.test(text) && printable.test(text);
}
