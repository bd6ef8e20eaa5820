import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CacheStore } from '@tollgate/core';

/** A cache of at most `maxBytes`, and a second one on the same place, as another process has it. */
export interface CacheStoreUnderTest {
  readonly store: CacheStore;
  readonly other: CacheStore;
  readonly maxBytes: number;
  /** Lets so much of the store's time pass. */
  pass(ms: number): Promise<void> | void;
  end?(): Promise<void>;
}

const keyOf = (name: number): string => createHash('sha256').update(String(name)).digest('hex');
const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes).toString('utf8');

/** The contract of every cache store. `make` is called for each test. */
export function cacheStoreContract(
  name: string,
  make: () => Promise<CacheStoreUnderTest> | CacheStoreUnderTest,
): void {
  describe(`the cache store ${name}`, () => {
    let given: CacheStoreUnderTest;
    beforeEach(async () => {
      given = await make();
    });
    afterEach(() => given.end?.());

    it('gives back what was put under a key, byte for byte, to everybody', async () => {
      const { store, other } = given;
      const bytes = Uint8Array.from({ length: 1_024 }, (_, index) => index % 256);
      await store.set(keyOf(1), bytes, 60_000);
      expect(Buffer.from((await other.get(keyOf(1))) ?? [])).toEqual(Buffer.from(bytes));
      expect(await other.get(keyOf(2))).toBeUndefined();
    });

    it('keeps the last that was put, for its own time', async () => {
      const { store, other, pass } = given;
      await store.set(keyOf(1), bytesOf('first'), 60_000);
      await other.set(keyOf(1), bytesOf('second'), 60);
      expect(textOf(await store.get(keyOf(1)))).toBe('second');
      await pass(80);
      expect(await store.get(keyOf(1))).toBeUndefined();
    });

    it('keeps no more than it may, and the latest of it', async () => {
      const { store, maxBytes } = given;
      const size = Math.floor(maxBytes / 64);
      const many = 256;
      for (let index = 0; index < many; index += 1)
        await store.set(keyOf(index), new Uint8Array(size), 60_000 + index);
      let kept = 0;
      for (let index = 0; index < many; index += 1) if (await store.get(keyOf(index))) kept += 1;
      expect(kept * size).toBeLessThanOrEqual(maxBytes);
      expect(kept).toBeGreaterThan(16);
      expect(await store.get(keyOf(many - 1))).toBeDefined();
      expect(await store.get(keyOf(0))).toBeUndefined();
    });

    it('keeps nothing that is larger than all it may keep', async () => {
      const { store, maxBytes } = given;
      await store.set(keyOf(1), bytesOf('small'), 60_000);
      await store.set(keyOf(1), new Uint8Array(maxBytes + 1), 60_000);
      expect(await store.get(keyOf(1))).toBeUndefined();
    });
  });
}
