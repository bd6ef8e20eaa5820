/** How often a text may be encoded on top of itself and still be read. */
const maxDepth = 3;
/** Invisible characters included, with which words are split. */
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}\s]+$/u;
const sentence = /\p{L}{2}[\s\p{Cf}_-]{1,5}\p{L}{2}/u;

/** Looks back, so that a shorter word is not tried again from each of its letters. */
const base64 = /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{20,}={0,2}/g;
/** Runs of several lines, as mails and command lines break them; words around them may look like parts of them. */
const wrapped =
  /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{4,}(?:[ \t]{0,8}(?:\r?\n|\\n)[ \t>]{0,8}[A-Za-z0-9+/_-]{4,})+={0,2}/g;
const lineBreak = /[ \t]*(?:\r?\n|\\n)[ \t>]*/;
const hex = /(?:[0-9a-fA-F]{2}[ :\r\n]{0,2}){12,}/g;
const percent = /(?:%[0-9a-fA-F]{2}|[A-Za-z0-9._+-]){12,}/g;
const entities = /(?:&#(?:\d{2,6}|x[0-9a-f]{2,5});){4,}/gi;
const escaped = /(?:\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}){4,}/g;

/** A text that was encoded, and where: offsets are UTF-16 units of the outermost run. */
export interface EncodedRun {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Texts hidden as base64 (also over several lines), hex, percent signs, escapes or entities of HTML, or as several of them on top of each
 * other: runs that decode to printable characters. All decoded text together is at most twice as long as the input, so that the search
 * takes linear time.
 */
export function encodedRuns(text: string): EncodedRun[] {
  const found = new Map<string, EncodedRun>();
  let left = 2 * text.length;
  const look = (within: string, depth: number, outer?: EncodedRun): void => {
    for (const run of decodedRuns(within)) {
      if (run.text.length > left || !printable.test(run.text)) continue;
      left -= run.text.length;
      const { start, end } = outer ?? run;
      const one = { text: run.text, start, end };
      if (!found.has(one.text)) found.set(one.text, one);
      if (depth < maxDepth) look(one.text, depth + 1, one);
    }
  };
  look(text, 1);
  return [...found.values()];
}

/** Of the encoded texts those that are sentences: with words and spaces in them. */
export function encodedTexts(text: string): string[] {
  return encodedRuns(text)
    .map((run) => run.text)
    .filter((decoded) => sentence.test(decoded));
}

/** Every run of encoded characters, decoded, meaningful or not. */
function* decodedRuns(text: string): Generator<EncodedRun> {
  for (const { 0: run, index } of text.matchAll(base64)) yield* placed(fromStart(run, index), index, run);
  if (text.includes('\n') || text.includes('\\n')) {
    for (const { 0: run, index } of text.matchAll(wrapped)) {
      yield* placed(fromLines(run.split(lineBreak)), index, run);
      for (let from = 1; index === 0 && from < 4; from += 1)
        yield* placed(fromLines(run.slice(from).split(lineBreak)), index, run);
    }
  }
  for (const { 0: run, index } of text.matchAll(hex)) yield* placed(fromHex(run, index), index, run);
  for (const [sign, pattern, decode] of signed) {
    if (!text.includes(sign)) continue;
    for (const { 0: run, index } of text.matchAll(pattern))
      if (run.includes(sign)) yield* placed([decode(run)], index, run);
  }
}

/** Encodings that a sign gives away. */
const signed = [
  ['%', percent, fromPercent],
  ['&#', entities, fromEntities],
  ['\\', escaped, fromEscapes],
] as const;

function* placed(texts: Iterable<string>, start: number, { length }: string): Generator<EncodedRun> {
  for (const text of texts) yield { text, start, end: start + length };
}

function* fromHex(run: string, index: number): Generator<string> {
  const digits = run.replace(/[ :\r\n]/g, '');
  yield Buffer.from(digits, 'hex').toString('utf8');
  if (index === 0) yield Buffer.from(digits.slice(1), 'hex').toString('utf8');
}

/** A run at the start may be the rest of a longer one, from any of its characters on: four of them are three bytes. */
function* fromStart(run: string, index: number): Generator<string> {
  yield fromBase64(run);
  if (index === 0) for (let from = 1; from < 4; from += 1) yield fromBase64(run.slice(from));
}

/** The lines together, and without the first, the last or both, which may be words above and below the encoded text. */
function* fromLines(lines: readonly string[]): Generator<string> {
  for (const [from, to] of [
    [0, lines.length],
    [1, lines.length],
    [0, lines.length - 1],
    [1, lines.length - 1],
  ] as const) {
    if (to - from < 2) continue;
    const decoded = fromBase64(lines.slice(from, to).join(''));
    yield decoded;
    if (printable.test(decoded)) return;
  }
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

/** Nothing where a run is no text. */
function fromPercent(run: string): string {
  try {
    return decodeURIComponent(run.replace(/\+/g, ' '));
  } catch {
    return '';
  }
}

function fromEntities(run: string): string {
  return run.replace(/&#(x?)([0-9a-f]+);?/gi, (_, sign: string, digits: string) => {
    const code = Number.parseInt(digits, sign === '' ? 10 : 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : '';
  });
}

function fromEscapes(run: string): string {
  return run.replace(/\\[ux]([0-9a-fA-F]+)/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}
