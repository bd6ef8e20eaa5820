/** A problem of a JSON text beyond its grammar. */
export interface JsonFlaw {
  readonly what: 'depth' | 'duplicate' | 'number' | 'prototype';
  /** The key at fault, for `duplicate` and `prototype`; at most 64 characters. */
  readonly key?: string | undefined;
}

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const comma = 0x2c;
/** Bytes: texts up to this length are read byte by byte. */
const shortText = 32;

/**
 * How deep a JSON text (UTF-8 bytes) nests, how many members its objects have, and how many values it has at most, in one pass and
 * without recursion: every member has one colon outside strings, every value a comma or a bracket before it (an empty array or object
 * counts twice). Stops once `maxDepth` or `maxValues` is passed.
 */
export function measureJson(
  bytes: Uint8Array,
  maxDepth: number,
  maxValues = Infinity,
): { depth: number; members: number; values: number } {
  let depth = 0;
  let deepest = 0;
  let members = 0;
  let values = 1;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) {
      const near = Math.min(bytes.length, at + shortText);
      for (at += 1; at < near && bytes[at] !== quote; at += 1) if (bytes[at] === backslash) at += 1;
      if (at >= near) at = endOfText(bytes, at);
    } else if (byte === colon) members += 1;
    else if (byte === comma) {
      values += 1;
      if (values > maxValues) break;
    } else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      values += 1;
      if (depth > deepest) deepest = depth;
      if (deepest > maxDepth || values > maxValues) break;
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
  return { depth: deepest, members, values };
}

/**
 * The closing quote of a text that contains this position; the length of `bytes` where there is none. Skips from quote to quote, which for a
 * prompt is a hundred times as fast as looking at each byte, unless most of them turn out to be escaped.
 */
function endOfText(bytes: Uint8Array, from: number): number {
  let at = from;
  let unescapedAfter = from;
  for (let found = 1; found * shortText <= at - from + 16 * shortText; found += 1) {
    const end = bytes.indexOf(quote, at);
    if (end === -1) return bytes.length;
    let before = end;
    while (before > unescapedAfter && bytes[before - 1] === backslash) before -= 1;
    if ((end - before) % 2 === 0) return end;
    at = end + 1;
    unescapedAfter = at;
  }
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at;
}

/**
 * A flaw that `JSON.parse` hides in a text that it accepts: a key given twice (fewer members arrive than were written), `1e400` that became
 * Infinity, `__proto__` as a key. `undefined` where there is none.
 */
export function hiddenFlaw(parsed: unknown, written: number): JsonFlaw | undefined {
  const waiting: unknown[] = [parsed];
  let members = 0;
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) return { what: 'number' };
    } else if (typeof value === 'object' && value !== null) {
      if (Array.isArray(value)) {
        for (const item of value) if (typeof item !== 'string') waiting.push(item);
        continue;
      }
      for (const key of Object.keys(value)) {
        if (key === '__proto__') return { what: 'prototype', key };
        members += 1;
        const item = (value as Record<string, unknown>)[key];
        if (typeof item !== 'string') waiting.push(item);
      }
    }
  }
  return members < written ? { what: 'duplicate' } : undefined;
}

/** The first key that an object of this text has twice. For messages; slower than finding out that there is one. */
export function duplicateKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/gs;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const found = match[0];
    if (found === '{') open.push(new Set());
    else if (found === '[') open.push(undefined);
    else if (found === '}' || found === ']') open.pop();
    else if (match[1] !== undefined) {
      const key: string = JSON.parse(found.slice(0, found.lastIndexOf('"') + 1));
      const keys = open.at(-1);
      if (keys?.has(key)) return key.slice(0, 64);
      keys?.add(key);
    }
  }
  return undefined;
}
