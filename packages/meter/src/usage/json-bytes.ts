const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const brace = 0x7b;

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** Index of the first byte of a member's value, from the key's first quote on; -1 where no colon follows. */
function valueAt(bytes: Buffer, keyAt: number, key: Buffer): number {
  let at = keyAt + key.length;
  while (isSpace(bytes[at])) at += 1;
  if (bytes[at] !== colon) return -1;
  at += 1;
  while (isSpace(bytes[at])) at += 1;
  return at;
}

/** A key as it stands on the wire. Inside a JSON string its quotes would be escaped, so finding it means a member. */
export const keyBytes = (name: string): Buffer => Buffer.from(`"${name}"`);

/** Whether a member of this name, at any depth, has a value other than `null`. */
export function saysMember(bytes: Buffer, key: Buffer): boolean {
  for (let at = bytes.indexOf(key); at !== -1; at = bytes.indexOf(key, at + key.length)) {
    const value = valueAt(bytes, at, key);
    if (value !== -1 && bytes[value] !== 0x6e) return true;
  }
  return false;
}

/** Index after the closing quote of the string that opens at `from`. */
function stringEnd(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(quote, from + 1);
  while (at !== -1) {
    let slashes = 0;
    while (bytes[at - 1 - slashes] === backslash) slashes += 1;
    if (slashes % 2 === 0) return at + 1;
    at = bytes.indexOf(quote, at + 1);
  }
  return bytes.length;
}

/** Members of a delta that are not the model's output: padding and bookkeeping. */
const notOutput = new Set(['role', 'id', 'call_id', 'item_id', 'type', 'index', 'obfuscation', 'signature']);

/**
 * Bytes of text in the members of this name: string values at any depth, escapes as they stand (never fewer bytes than the
 * text has). Reads bytes, not JSON, since it runs for every chunk of every stream.
 */
export function textBytes(bytes: Buffer, key: Buffer): number {
  let sum = 0;
  for (let at = bytes.indexOf(key); at !== -1; at = bytes.indexOf(key, at)) {
    const value = valueAt(bytes, at, key);
    at += key.length;
    if (value === -1) continue;
    if (bytes[value] === quote) {
      at = stringEnd(bytes, value);
      sum += at - value - 2;
    } else if (bytes[value] === brace) {
      const [end, text] = objectText(bytes, value);
      at = end;
      sum += text;
    }
  }
  return sum;
}

function objectText(bytes: Buffer, from: number): [end: number, text: number] {
  let depth = 0;
  let text = 0;
  let skipNext = false;
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === quote) {
      const end = stringEnd(bytes, at);
      let next = end;
      while (isSpace(bytes[next])) next += 1;
      if (bytes[next] === colon) {
        skipNext = end - at < 16 && notOutput.has(bytes.toString('latin1', at + 1, end - 1));
      } else if (!skipNext) text += end - at - 2;
      at = end;
      continue;
    }
    if (byte === brace || byte === 0x5b) depth += 1;
    else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1;
      if (depth === 0) return [at + 1, text];
    }
    at += 1;
  }
  return [at, text];
}

/** The last member of this name whose value is an object, parsed; `undefined` where there is none. */
export function lastObject(bytes: Buffer, key: Buffer): unknown {
  for (let at = bytes.lastIndexOf(key); at > 0; at = bytes.lastIndexOf(key, at - 1)) {
    const value = valueAt(bytes, at, key);
    if (value === -1 || bytes[value] !== brace) continue;
    const [end] = objectText(bytes, value);
    try {
      return JSON.parse(bytes.toString('utf8', value, end));
    } catch {
      return undefined;
    }
  }
  return undefined;
}

const usageKey = keyBytes('usage');

/** Takes `"usage": null` out of an object's bytes, with the comma before it. `undefined` where there is none. */
export function withoutNullUsage(bytes: Buffer): Buffer | undefined {
  const at = bytes.lastIndexOf(usageKey);
  if (at === -1) return undefined;
  const value = valueAt(bytes, at, usageKey);
  if (value === -1 || bytes.toString('latin1', value, value + 4) !== 'null') return undefined;
  let from = at;
  while (isSpace(bytes[from - 1])) from -= 1;
  if (bytes[from - 1] !== 0x2c) return undefined;
  return Buffer.concat([bytes.subarray(0, from - 1), bytes.subarray(value + 4)]);
}
