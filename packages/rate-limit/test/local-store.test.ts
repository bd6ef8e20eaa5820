import { describe, expect, it } from '@jest/globals';
import { createManualClock } from '@tollgate/testkit';
import { LocalStore } from '../src/local-store.js';

function storeOf(max?: number) {
  const clock = createManualClock(0);
  const store = new LocalStore(clock.now, max);
  store.init({ windowMs: 1_000 });
  return { clock, store };
}

describe('the store in memory', () => {
  it('begins a new window with the first request after the last one ended', () => {
    const { clock, store } = storeOf();
    store.increment('a');
    clock.advance(999);
    expect(store.increment('a')).toMatchObject({ totalHits: 2, resetTime: new Date(1_000) });
    clock.advance(1);
    expect(store.get('a')).toBeUndefined();
    expect(store.increment('a')).toMatchObject({ totalHits: 1, resetTime: new Date(2_000) });
  });

  it("answers with a copy, so that requests of the same tick do not see each other's count", () => {
    const { store } = storeOf();
    const counts = [store.increment('a'), store.increment('a'), store.increment('a')];
    expect(counts.map(({ totalHits }) => totalHits)).toEqual([1, 2, 3]);
  });

  it('never goes below zero, and takes nothing back from a window that is over', () => {
    const { clock, store } = storeOf();
    store.decrement('a');
    store.increment('a');
    store.decrement('a');
    store.decrement('a');
    expect(store.get('a')?.totalHits).toBe(0);
    clock.advance(1_000);
    store.decrement('a');
    expect(store.increment('a').totalHits).toBe(1);
  });

  it('forgets windows that are over as new ones begin', () => {
    const { clock, store } = storeOf();
    for (let second = 0; second < 50; second += 1) {
      for (let key = 0; key < 100; key += 1) store.increment(`${second}/${key}`);
      clock.advance(1_000);
    }
    expect(store.size).toBeLessThanOrEqual(200);
  });

  it('stays within its bound, whatever clients come with', () => {
    const { store } = storeOf(10);
    for (let key = 0; key < 1_000; key += 1) store.increment(`${key}`);
    expect(store.size).toBe(10);
    expect(store.get('999')?.totalHits).toBe(1);
  });

  it('can be reset, one key or all', () => {
    const { store } = storeOf();
    store.increment('a');
    store.increment('b');
    store.resetKey('a');
    expect([store.get('a'), store.get('b')?.totalHits]).toEqual([undefined, 1]);
    store.resetAll();
    expect(store.size).toBe(0);
  });
});
