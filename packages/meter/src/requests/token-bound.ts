import { publish } from '@tollgate/core/internal';

/** The part of a tokenizer that is used. */
export interface Tokenizer {
  countTokens(text: string, options: { readonly disallowedSpecial: Set<string> }): number;
}

/** ASCII characters tokenised for one request: about 10 ms at worst, no matter what its text is. */
const maxUnits = 12_288;

/** By so much at most the count of tokens is below the bytes. */
export const mostSaved = maxUnits;

/** The most strings and containers of a body that are inspected; the rest keeps the bound of its bytes. */
const maxNodes = 4_000;

/** A tokenizer takes quadratic time on one long run, so text is counted in pieces. */
const sliceLength = 512;

/** Text shorter than this gains too little to be counted. */
const shortest = 64;

/** Text outside of ASCII takes up to 40 times as long to count, a character of two or three bytes. */
const unitsPerFurtherByte = 20;

/** Remembered merges are keyed by pieces of clients' texts. */
const mergeCacheSize = 10_000;

const noneDisallowed = { disallowedSpecial: new Set<string>() };

/** Model families of OpenAI that read text as `o200k_base` does. */
const families: readonly string[] = [
  'chatgpt-4o',
  'gpt-4o',
  'gpt-4.1',
  'gpt-4.5',
  'gpt-5',
  'o1',
  'o3',
  'o4-mini',
];

let tokenizer: Tokenizer | undefined;
let loading: Promise<void> | undefined;

/**
 * Loads the tokenizer, once: 150 ms and 90 MB. Until it is there, and where it cannot be loaded, bytes are the bound. Never
 * rejects.
 */
export function loadTokenizer(): Promise<void> {
  loading ??= import('gpt-tokenizer/encoding/o200k_base').then(
    (module) => {
      module.setMergeCacheSize(mergeCacheSize);
      tokenizer = module;
    },
    (error: unknown) => {
      publish('tollgate:fault', () => ({ where: 'meter.tokenizer', error: String(error) }));
    },
  );
  return loading;
}

/** Whether the tokenizer is the one of this model. */
export function hasTokenizer(provider: string, model: string): boolean {
  const known = provider === 'openai' || provider === 'azure';
  return known && families.some((family) => model.startsWith(family));
}

/** The loaded tokenizer, if it is the one of this model. */
export function tokenizerOf(provider: string, model: string): Tokenizer | undefined {
  return hasTokenizer(provider, model) ? tokenizer : undefined;
}

/** The reduction of the bound of bytes, and the work that it took. */
export interface TokenCount {
  /** Bytes of text, less the tokens that they are. */
  readonly saved: number;
  /** Pieces that were counted. */
  readonly slices: number;
  /** Characters that were counted. */
  readonly characters: number;
}

/**
 * Counts the texts of a body, in bounded work, to lower the bound of its bytes. The bound stays an upper one: a text is cut only where the
 * tokenizer's pattern always cuts, before a space that follows another character, so that the pieces have exactly the tokens of the whole.
 * A text that cannot be cut there, the rest after the work is used up, and everything that is not text keep the bound of their bytes.
 */
export function countTokens(body: unknown, by: Tokenizer): TokenCount {
  const counter = new Counter(by);
  counter.visit(body, 0);
  return counter;
}

class Counter implements TokenCount {
  saved = 0;
  slices = 0;
  characters = 0;
  #units = maxUnits;
  #nodes = maxNodes;

  constructor(private readonly by: Tokenizer) {}

  visit(value: unknown, depth: number): void {
    if (this.#units <= 0 || this.#nodes <= 0 || depth > 32) return;
    this.#nodes -= 1;
    if (typeof value === 'string') {
      if (value.length >= shortest) this.#count(value);
    } else if (typeof value === 'object' && value !== null) {
      for (const child of Object.values(value)) this.visit(child, depth + 1);
    }
  }

  #count(text: string): void {
    let from = 0;
    while (from < text.length && this.#units > 0) {
      const to = cutBefore(text, from, from + sliceLength);
      if (to === undefined) from = cutAfter(text, from + sliceLength);
      else {
        this.#countSlice(text.slice(from, to));
        from = to;
      }
    }
  }

  #countSlice(slice: string): void {
    const bytes = Buffer.byteLength(slice);
    this.#units -= slice.length + (bytes - slice.length) * unitsPerFurtherByte;
    if (this.#units < 0) return;
    this.slices += 1;
    this.characters += slice.length;
    this.saved += Math.max(0, bytes - this.by.countTokens(slice, noneDisallowed));
  }
}

/** The last safe place to cut before a position; the end where the text is shorter; `undefined` where there is none. */
function cutBefore(text: string, from: number, most: number): number | undefined {
  if (most >= text.length) return text.length;
  for (let at = text.lastIndexOf(' ', most); at > from; at = text.lastIndexOf(' ', at - 1)) {
    if (isSafe(text, at)) return at;
  }
  return undefined;
}

/** The first safe place to cut after a position, not too far away; else the end. */
function cutAfter(text: string, least: number): number {
  const most = least + 8 * sliceLength;
  for (let at = text.indexOf(' ', least); at !== -1 && at < most; at = text.indexOf(' ', at + 1)) {
    if (isSafe(text, at)) return at;
  }
  return text.length;
}

/** After a printable ASCII character: the next character cannot be part of the same piece of the tokenizer's pattern. */
function isSafe(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  return at > 0 && before > 0x20 && before < 0x7f;
}
