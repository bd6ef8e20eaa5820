import { textTokens } from './text-tokens.js';

/**
 * Searches JSON without parsing it, since it runs for every chunk of every stream. The texts are bytes read as Latin-1: one character is
 * one byte, so that offsets are those of the bytes; the names searched for are ASCII.
 */
const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const brace = 0x7b;

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

/** Index of the first character of a member's value; -1 where no colon follows the key. */
function valueAt(text: string, keyAt: number, key: string): number {
  const at = skipSpace(text, afterKey(keyAt, key));
  return text.charCodeAt(at) === colon ? skipSpace(text, at + 1) : -1;
}

/** A key as it is sought: without its first quote, at whose many likes a search would stop each time. */
export const wireKey = (name: string): string => `${name}"`;

const afterKey = (keyAt: number, key: string): number => keyAt + 1 + key.length;

/**
 * Index of the first quote of a key, from there on; -1 where there is none. Inside a JSON string the quotes would be escaped, so
 * finding it means a member.
 */
function keyAt(text: string, key: string, from: number): number {
  let at = text.indexOf(key, from + 1);
  while (at !== -1 && text.charCodeAt(at - 1) !== quote) at = text.indexOf(key, at + 1);
  return at === -1 ? -1 : at - 1;
}

/** The same from the end. */
function lastKeyAt(text: string, key: string, before = text.length): number {
  let at = text.lastIndexOf(key, before);
  while (at > 0 && text.charCodeAt(at - 1) !== quote) at = text.lastIndexOf(key, at - 1);
  return at > 0 ? at - 1 : -1;
}

/** Whether there is a member of this name, at any depth. */
export const hasMember = (text: string, key: string): boolean => keyAt(text, key, 0) !== -1;

/** Whether a member of this name, at any depth, has a value other than `null`. */
export function saysMember(text: string, key: string): boolean {
  for (let at = keyAt(text, key, 0); at !== -1; at = keyAt(text, key, afterKey(at, key))) {
    const value = valueAt(text, at, key);
    if (value !== -1 && text.charCodeAt(value) !== 0x6e) return true;
  }
  return false;
}

/** Index after the closing quote of the string that opens at `from`. */
function stringEnd(text: string, from: number): number {
  let at = text.indexOf('"', from + 1);
  while (at !== -1) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === backslash) slashes += 1;
    if (slashes % 2 === 0) return at + 1;
    at = text.indexOf('"', at + 1);
  }
  return text.length;
}

/** Members of a delta that are not the model's output: padding and bookkeeping. */
const notOutput = new Set(['role', 'id', 'call_id', 'item_id', 'type', 'index', 'obfuscation', 'signature']);

/** Output that was seen, added up. */
export interface SeenOutput {
  /** Never fewer than its tokens. */
  seenBytes: number;
  /** About how many tokens that is. */
  seenTokens: number;
  /** Counts them, where that matters and the model's tokenizer is known. */
  readonly counted?: { add(piece: string): void } | undefined;
}

/**
 * Adds the output in the members of this name: string values at any depth, with their escapes (never fewer bytes than the text has).
 * Returns its bytes.
 */
export function addOutputOf(text: string, key: string, seen: SeenOutput): number {
  const before = seen.seenBytes;
  for (let at = keyAt(text, key, 0); at !== -1; at = keyAt(text, key, at)) {
    const value = valueAt(text, at, key);
    at = afterKey(at, key);
    if (value === -1) continue;
    const first = text.charCodeAt(value);
    if (first === quote) {
      at = stringEnd(text, value);
      addText(text, value, at, seen);
    } else if (first === brace) at = objectEnd(text, value, seen);
  }
  return seen.seenBytes - before;
}

/** A string with its quotes. */
function addText(text: string, from: number, to: number, seen: SeenOutput): void {
  seen.seenBytes += to - from - 2;
  seen.seenTokens += textTokens(text, from + 1, to - 1);
  seen.counted?.add(text.slice(from + 1, to - 1));
}

/** Index after an object; adds its output. */
function objectEnd(text: string, from: number, seen?: SeenOutput): number {
  let depth = 0;
  let skipNext = false;
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = stringEnd(text, at);
      if (text.charCodeAt(skipSpace(text, end)) === colon) {
        skipNext = end - at < 16 && notOutput.has(text.slice(at + 1, end - 1));
      } else if (!skipNext && seen) addText(text, at, end, seen);
      at = end;
      continue;
    }
    if (code === brace || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
    at += 1;
  }
  return at;
}

/** Where the last member of this name whose value is an object has it; `undefined` where there is none. */
export function lastObject(text: string, key: string): { from: number; to: number } | undefined {
  for (let at = lastKeyAt(text, key); at > 0; at = lastKeyAt(text, key, at)) {
    const from = valueAt(text, at, key);
    if (from !== -1 && text.charCodeAt(from) === brace) return { from, to: objectEnd(text, from) };
  }
  return undefined;
}

const usage = wireKey('usage');

/** The position of `"usage": null`, with the comma before it; `undefined` where it is missing. */
export function nullUsage(text: string): { from: number; to: number } | undefined {
  const at = lastKeyAt(text, usage);
  if (at === -1) return undefined;
  const value = valueAt(text, at, usage);
  if (value === -1 || !text.startsWith('null', value)) return undefined;
  let from = at;
  while (isSpace(text.charCodeAt(from - 1))) from -= 1;
  return text.charCodeAt(from - 1) === 0x2c ? { from: from - 1, to: value + 4 } : undefined;
}
