import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ClaimStore } from '@tollgate/core';

/** A claim store for at most 100 claims, and a second one on the same place, as another process has it. */
export interface ClaimsUnderTest {
  readonly store: ClaimStore;
  readonly other: ClaimStore;
  /** Lets so much of the store's time pass. */
  pass(ms: number): Promise<void> | void;
  end?(): Promise<void>;
}

/** The contract of every claim store. `make` is called for each test. */
export function claimsContract(name: string, make: () => Promise<ClaimsUnderTest> | ClaimsUnderTest): void {
  describe(`the claim store ${name}`, () => {
    let given: ClaimsUnderTest;
    beforeEach(async () => {
      given = await make();
    });
    afterEach(() => given.end?.());

    it('grants a name once, whoever asks, and again when its time has passed', async () => {
      const { store, other, pass } = given;
      const asked = await Promise.all([store, other, store, other].map((one) => one.claim('a', 60_000)));
      expect(asked.filter(Boolean)).toHaveLength(1);
      expect(await other.claim('b', 50)).toBe(true);
      await pass(60);
      expect(await store.claim('b', 60_000)).toBe(true);
      expect(await store.claim('a', 60_000)).toBe(false);
    });

    it('grants no more than it can remember, until some have ended', async () => {
      const { store, pass } = given;
      const asked: boolean[] = [];
      for (let one = 0; one < 100; one += 1) asked.push(await store.claim(`a${one}`, one < 2 ? 50 : 60_000));
      expect(asked).toEqual(new Array(100).fill(true));
      await pass(60);
      const more = [];
      for (const one of ['b', 'c', 'd']) more.push(await store.claim(one, 60_000));
      expect(more).toEqual([true, true, false]);
    });

    it('has one secret of 32 bytes under each name, for everybody', async () => {
      const { store, other } = given;
      const all = await Promise.all([store, other, store, other].map((one) => one.secret('challenge')));
      const texts = new Set(all.map((one) => Buffer.from(one).toString('hex')));
      expect(texts.size).toBe(1);
      expect([...texts][0]).toMatch(/^[0-9a-f]{64}$/);
      expect(Buffer.from(await other.secret('another')).toString('hex')).not.toBe([...texts][0]);
    });
  });
}
