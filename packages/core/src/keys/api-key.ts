import * as crypto from 'node:crypto';
import { crc32 } from '../lib/crc32.js';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const idLength = 16;
/** 32 base62 characters carry 190 bits. */
const secretLength = 32;
/** 62^6 > 2^32: six characters hold a CRC-32. */
const checksumLength = 6;
const pattern = /^tg_(live|test)_([0-9A-Za-z]{4,32})_([0-9A-Za-z]{22,64})([0-9A-Za-z]{6})$/;

/** The parts of a well-formed API key. */
export interface ParsedKey {
  readonly live: boolean;
  /** The public id: used for look-ups, logs and counters. */
  readonly keyId: string;
  /** 22 to 64 base62 characters. Only its SHA-256 is ever stored. */
  readonly secret: string;
}

/** A new API key: give `key` only to its owner; `keyId` and `sha256` go to the store. */
export interface CreatedKey {
  /** `tg_live_<public id>_<secret><checksum>`. */
  readonly key: string;
  readonly keyId: string;
  /** Lower-case hex SHA-256 of the secret. */
  readonly sha256: string;
}

/** Options of {@link createKey}. */
export interface CreateKeyOptions {
  /** `tg_live_…`, or `tg_test_…` for test keys. @defaultValue true */
  live?: boolean | undefined;
  /** Public id of an existing key, to give it a further secret. 4 to 32 base62 characters. @defaultValue 16 random ones */
  keyId?: string | undefined;
}

/** Makes an API key from the system's random numbers: a secret of 190 bits, and a CRC-32 over everything before it. */
export function createKey(options: CreateKeyOptions = {}): CreatedKey {
  const keyId = options.keyId ?? randomText(idLength);
  if (!/^[0-9A-Za-z]{4,32}$/.test(keyId)) {
    throw new TypeError('createKey: "keyId" must be 4 to 32 characters out of 0-9, A-Z, a-z');
  }
  const secret = randomText(secretLength);
  const body = `tg_${options.live === false ? 'test' : 'live'}_${keyId}_${secret}`;
  return { key: body + checksumOf(body), keyId, sha256: sha256Hex(secret) };
}

/** Reads an API key; `undefined` where the form or the checksum is wrong. Costs no store call and no hash. */
export function parseKey(text: string): ParsedKey | undefined {
  const parts = pattern.exec(text);
  if (!parts) return undefined;
  if (checksumOf(text.slice(0, -checksumLength)) !== text.slice(-checksumLength)) return undefined;
  return { live: parts[1] === 'live', keyId: parts[2] as string, secret: parts[3] as string };
}

/** Lower-case hex SHA-256, as stores keep it. */
export function sha256Hex(text: string): string {
  return crypto.createHash('sha256').update(text).digest('hex');
}

/** Compares two hex digests in a time that does not depend on where they differ. */
export function sameDigest(left: string, right: string): boolean {
  const a = Buffer.from(left, 'hex');
  const b = Buffer.from(right, 'hex');
  return a.length === 32 && b.length === 32 && crypto.timingSafeEqual(a, b);
}

function checksumOf(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let index = 0; index < checksumLength; index += 1) {
    digits = alphabet.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** Uniform over the alphabet: bytes of 248 and above would favour its first letters, so they are drawn again. */
function randomText(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of crypto.randomBytes(length)) {
      if (byte < 248 && text.length < length) text += alphabet.charAt(byte % 62);
    }
  }
  return text;
}
