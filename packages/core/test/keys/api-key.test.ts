import { createHash } from 'node:crypto';
import { crc32 as zlibCrc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createKey, parseKey } from '../../src/internal.js';
import { sameDigest } from '../../src/keys/api-key.js';
import { crc32 } from '../../src/lib/crc32.js';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

describe('API keys', () => {
  it('are made in a form that tells what they are', () => {
    expect(createKey().key).toMatch(/^tg_live_[0-9A-Za-z]{16}_[0-9A-Za-z]{38}$/);
    expect(createKey({ live: false }).key).toMatch(/^tg_test_[0-9A-Za-z]{16}_[0-9A-Za-z]{38}$/);
  });

  it('are read back, and only the SHA-256 of the secret is for the store', () => {
    for (const live of [true, false]) {
      const { key, keyId, sha256 } = createKey({ live });
      const parsed = parseKey(key);
      expect(parsed).toEqual({ live, keyId, secret: expect.stringMatching(/^[0-9A-Za-z]{32}$/) });
      expect(createHash('sha256').update(String(parsed?.secret)).digest('hex')).toBe(sha256);
    }
  });

  it('never repeat', () => {
    const made = Array.from({ length: 2_000 }, () => createKey());
    expect(new Set(made.map(({ keyId }) => keyId)).size).toBe(2_000);
    expect(new Set(made.map(({ sha256 }) => sha256)).size).toBe(2_000);
  });

  it('use every letter of the alphabet about as often', () => {
    const counts = new Map<string, number>();
    for (let index = 0; index < 2_000; index += 1) {
      for (const letter of parseKey(createKey().key)?.secret ?? '') {
        counts.set(letter, (counts.get(letter) ?? 0) + 1);
      }
    }
    const expected = (2_000 * 32) / 62;
    expect(counts.size).toBe(62);
    for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(expected * 0.25);
  });

  it('with any one letter changed are refused before any look-up', () => {
    const { key } = createKey();
    fc.assert(
      fc.property(fc.nat(key.length - 1), fc.constantFrom(...alphabet, '_', '-'), (at, letter) => {
        fc.pre(key[at] !== letter);
        expect(parseKey(key.slice(0, at) + letter + key.slice(at + 1))).toBeUndefined();
      }),
      { numRuns: process.env.TOLLGATE_LONG ? 2_000 : 300 },
    );
  });

  it('with two neighbouring letters swapped are refused', () => {
    const { key } = createKey();
    for (let at = 0; at + 1 < key.length; at += 1) {
      if (key[at] === key[at + 1]) continue;
      const swapped = key.slice(0, at) + key[at + 1] + key[at] + key.slice(at + 2);
      expect(parseKey(swapped)).toBeUndefined();
    }
  });

  it('cut short, made longer or wrapped in anything are refused', () => {
    const { key } = createKey();
    for (let length = 0; length < key.length; length += 1)
      expect(parseKey(key.slice(0, length))).toBeUndefined();
    for (const text of [`${key}0`, ` ${key}`, `${key}\n`, `${key}\0`, `Bearer ${key}`, key.toUpperCase()]) {
      expect(parseKey(text)).toBeUndefined();
    }
  });

  it('are told from any other text, however long', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(parseKey(text)).toBeUndefined();
        expect(parseKey(`tg_live_${text}`)).toBeUndefined();
      }),
    );
    expect(parseKey(`tg_live_${'a'.repeat(1_000_000)}`)).toBeUndefined();
  });

  it('can be given the id of an existing key, and no id of another form', () => {
    expect(createKey({ keyId: 'demo1234' }).keyId).toBe('demo1234');
    expect(() => createKey({ keyId: 'de_mo' })).toThrow('createKey: "keyId" must be 4 to 32 characters');
  });
});

describe('the checksum', () => {
  it('is the CRC-32 of zip', () => {
    expect(crc32('123456789')).toBe(0xcbf43926);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        expect(crc32(text)).toBe(zlibCrc32(text));
      }),
    );
  });
});

describe('digests', () => {
  it('are the same only if all 32 bytes are', () => {
    const one = createHash('sha256').update('a').digest('hex');
    expect(sameDigest(one, one)).toBe(true);
    expect(
      sameDigest(
        one,
        one.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      ),
    ).toBe(false);
    for (const text of ['', 'ab', 'zz', `${one}00`, 'x'.repeat(64)])
      expect(sameDigest(text, text)).toBe(false);
  });
});
