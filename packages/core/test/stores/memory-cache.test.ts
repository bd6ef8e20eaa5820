import { describe, expect, it } from '@jest/globals';
import { cacheStoreContract } from '@tollgate/testkit/contracts';
import { memoryCache } from '../../src/index.js';

cacheStoreContract('in memory', () => {
  const clock = { nowMs: 0 };
  const maxBytes = 1_048_576;
  const store = memoryCache({ maxBytes, now: () => clock.nowMs });
  return {
    store,
    other: store,
    maxBytes,
    pass: (ms) => {
      clock.nowMs += ms;
    },
  };
});

describe('memoryCache()', () => {
  it('forgets first what was not asked for the longest', async () => {
    const store = memoryCache({ maxBytes: 3 * (100 + 256) });
    for (const key of ['a', 'b', 'c']) await store.set(key, new Uint8Array(100), 1_000);
    await store.get('a');
    await store.set('d', new Uint8Array(100), 1_000);
    const kept = ['a', 'b', 'c', 'd'].filter((key) => store.get(key));
    expect(kept).toEqual(['a', 'c', 'd']);
  });

  it('counts an answer that takes the place of another once', async () => {
    const store = memoryCache({ maxBytes: 2 * (100 + 256) });
    await store.set('a', new Uint8Array(100), 1_000);
    for (let turn = 0; turn < 50; turn += 1) await store.set('b', new Uint8Array(100), 1_000);
    expect(store.get('a')).toBeDefined();
  });

  it('throws at start for a wrong or misspelt option', () => {
    expect(() => memoryCache({ maxBytes: 0 })).toThrow('memoryCache: "maxBytes" must be a positive integer');
    expect(() => memoryCache({ maxbytes: 5 } as never)).toThrow('did you mean "maxBytes"?');
  });
});
