import { stat } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import { StoreGuard } from '../src/store-guard.js';

const never = (): Promise<never> => new Promise(() => undefined);

describe('the deadline of a store', () => {
  it('is kept by who is too slow, and published', async () => {
    const heard: unknown[] = [];
    const stop = subscribe('tollgate:store', (facts) => {
      if (facts.store === 'keys') heard.push(facts);
    });
    const guard = new StoreGuard({ store: 'keys', timeoutMs: 5, now: Date.now });
    await expect(guard.run(never)).rejects.toThrow('the store did not answer in 5 ms');
    stop();
    expect(heard).toEqual([
      { store: 'keys', outcome: 'failed', error: 'Error: the store did not answer in 5 ms' },
    ]);
  });

  it('is not held against a store that answered while our own event loop was blocked', async () => {
    const guard = new StoreGuard({ store: 'keys', timeoutMs: 10, now: Date.now });
    const asked = new Promise((resolve, reject) => {
      // From within a callback of the poll phase, after which timers come before the next answers.
      stat('.', () => {
        const answer = () => new Promise<string>((done) => stat('.', () => done('answered')));
        guard.run(answer).then(resolve, reject);
        const until = Date.now() + 60;
        while (Date.now() < until);
      });
    });
    await expect(asked).resolves.toBe('answered');
  });
});
