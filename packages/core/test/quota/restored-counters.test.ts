import { describe, expect, it } from '@jest/globals';
import { liveCounter, QuotaTenant, quotaCounter } from '@tollgate/testkit/contracts';
import { memoryQuota } from '../../src/index.js';
import type { WindowSpend } from '../../src/internal.js';

const now = (): number => Date.parse('2026-11-21T12:00:00Z');

describe('the counters of memoryQuota', () => {
  it('begin where a ledger says, each in its own window and no other', async () => {
    const spends: WindowSpend[] = [
      { counter: 'a', window: '2026-11-21', amount: 30 },
      { counter: 'a', window: '2026-11-20', amount: 90 },
      { counter: 'b', window: '2026-11-20', amount: 90 },
      { counter: 'c', window: '2026-11-21', amount: -5 },
    ];
    const store = memoryQuota({ now, spent: { spentIn: async () => [], openWindows: async () => spends } });
    const tenant = new QuotaTenant(store);
    const used = [];
    for (const counter of ['a', 'b', 'c', 'd']) {
      used.push((await tenant.standing(quotaCounter(counter, 100))).used);
    }
    expect(used).toEqual([30, 0, 0, 0]);
    expect((await tenant.reserve([{ ...quotaCounter('a', 100), want: 71 }])).ok).toBe(false);
    expect((await tenant.reserve([{ ...quotaCounter('a', 100), want: 70 }])).ok).toBe(true);
    await store.end();
  });

  it('count in one kind of window: another under the same key is a mistake of the caller', async () => {
    const store = memoryQuota({ now });
    const tenant = new QuotaTenant(store);
    const [day, live] = [quotaCounter('day', 100), liveCounter('live', 2)];
    const first = await tenant.reserve([
      { ...day, want: 1 },
      { ...live, want: 1 },
    ]);
    expect(first.ok).toBe(true);
    for (const [counter, other] of [
      [day.counter, live],
      [live.counter, day],
    ] as const) {
      const wrong = tenant.reserve([{ ...other, counter, want: 1 }]);
      await expect(wrong).rejects.toThrow(
        `counter "${counter}" has already been counted in another kind of window`,
      );
    }
    await store.end();
  });
});
