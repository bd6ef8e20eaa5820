import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AlertStore, AlertWork } from '@tollgate/core/internal';

/** An alert store, and a second one on the same place, as another process has it. Both hold 10 pieces of work at most. */
export interface AlertStoreUnderTest {
  readonly store: AlertStore;
  readonly other: AlertStore;
  end?(): Promise<void>;
}

const minuteMs = 60_000;
const work = (id: string, more: Partial<AlertWork> = {}): AlertWork => ({
  id,
  text: `tell ${id}\nof "it" 🌊`,
  delayMs: 0,
  ...more,
});

/** The contract of every store of alerts. `make` is called for each test. */
export function alertStoreContract(
  name: string,
  make: () => Promise<AlertStoreUnderTest> | AlertStoreUnderTest,
): void {
  describe(`the alert store ${name}`, () => {
    let store: AlertStore;
    let other: AlertStore;
    let given: AlertStoreUnderTest;
    beforeEach(async () => {
      given = await make();
      ({ store, other } = given);
    });
    afterEach(() => given.end?.());
    const idsTaken = async (from: AlertStore, atMost = 16): Promise<string[]> =>
      (await from.take(atMost, minuteMs)).map(({ id }) => id);

    it('keeps what was written, and lets only one of two writers pass who saw the same', async () => {
      expect(await store.read('k')).toBeUndefined();
      const both = [store, other].map((one, index) =>
        one.replace('k', undefined, `v${index}`, minuteMs, [work(`w${index}`)]),
      );
      expect((await Promise.all(both)).sort()).toEqual(['changed', 'written']);
      const kept = await other.read('k');
      expect(await idsTaken(store)).toEqual([kept === 'v0' ? 'w0' : 'w1']);
      expect(await store.replace('k', 'something else', 'x', minuteMs, [work('w2')])).toBe('changed');
      expect(await store.replace('k', kept, '', minuteMs, [])).toBe('written');
      expect(await store.replace('k', undefined, 'x', minuteMs, [])).toBe('changed');
      expect(await other.read('k')).toBe('');
    });

    it('forgets what was kept for its time', async () => {
      await store.replace('k', undefined, 'v', 1, []);
      while ((await other.read('k')) !== undefined);
      expect(await store.replace('k', undefined, 'w', minuteMs, [])).toBe('written');
    });

    it('gives each piece of work to one taker, whole, and to another when its lease has passed', async () => {
      const put = Array.from({ length: 8 }, (_, index) => work(`w${index}`));
      await store.replace('k', undefined, 'v', minuteMs, put);
      const taken = await Promise.all([idsTaken(store, 4), idsTaken(other, 8)]);
      expect(taken.flat().sort()).toEqual(put.map(({ id }) => id));
      expect(await idsTaken(store)).toEqual([]);
      await store.done('w1');
      await other.later('w0', 0);
      expect(await other.take(16, 1)).toEqual([{ id: 'w0', text: work('w0').text, tries: 2 }]);
      let again: string[] = [];
      while (again.length === 0) again = await idsTaken(store);
      expect(again).toEqual(['w0']);
    });

    it('holds back what is not due yet, and what comes after another until that is done', async () => {
      const second = work('second', { after: 'first' });
      await store.replace('k', undefined, 'v', minuteMs, [
        second,
        work('first'),
        work('far', { delayMs: minuteMs }),
      ]);
      expect(await idsTaken(other)).toEqual(['first']);
      expect(await idsTaken(other)).toEqual([]);
      await other.done('first');
      let next: string[] = [];
      while (next.length === 0) next = await idsTaken(store);
      expect(next).toEqual(['second']);
      await store.done('far');
      await store.later('far', 0);
      expect(await idsTaken(store)).toEqual([]);
    });

    it('puts the same piece once, and nothing at all where too much waits', async () => {
      const eight = Array.from({ length: 8 }, (_, index) => work(`w${index}`));
      expect(await store.replace('k', undefined, 'v', minuteMs, eight)).toBe('written');
      expect(await store.replace('k', 'v', 'v2', minuteMs, [work('w0')])).toBe('written');
      expect(await other.replace('k', 'v2', 'v3', minuteMs, [work('a'), work('b'), work('c')])).toBe('full');
      expect(await store.read('k')).toBe('v2');
      expect(await idsTaken(store)).toHaveLength(8);
    });
  });
}
