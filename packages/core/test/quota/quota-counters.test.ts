import { describe, expect, it } from '@jest/globals';
import { bucketCounter, calendar, liveCounter, quotaCounter } from '@tollgate/testkit/contracts';
import { QuotaCounters } from '../../src/quota/quota-counters.js';

const minuteMs = 60_000;
const nowMs = Date.parse('2026-11-21T12:00:00Z');
const counter = quotaCounter('usd/minute', 100, { window: calendar('minute') });

describe('the counters of a store in memory', () => {
  it('keep the tally of a window that is over as long as a lease refers to it, and forget the counter afterwards', () => {
    const counters = new QuotaCounters();
    const first = counters.current(counter, nowMs);
    counters.retain(first);
    counters.retain(first);
    const second = counters.current(counter, nowMs + minuteMs);
    expect(second).not.toBe(first);
    const laterMs = nowMs + 2 * minuteMs;
    counters.current(counter, laterMs);
    expect(counters.byId(counter, second.windowId, laterMs)).not.toBe(second);
    counters.release(counter.counter, first);
    expect(counters.byId(counter, first.windowId, laterMs)).toBe(first);
    counters.forgetSome(1, laterMs + minuteMs);
    expect(counters.size).toBe(1);
    counters.release(counter.counter, first);
    const unseen = counters.byId(counter, first.windowId, laterMs);
    expect(unseen).not.toBe(first);
    expect(unseen).toMatchObject({ windowId: first.windowId, used: 0, resetsAtMs: laterMs });
    // A round ends at its end; the next begins with the next call.
    for (const _ of [1, 2]) counters.forgetSome(1, laterMs + minuteMs);
    expect(counters.size).toBe(0);
  });

  it('are kept until the last moment of their window, if anything was used, held or told of in it', () => {
    for (const change of [{ used: 1 }, { held: 1 }, { reached: 1 }]) {
      const counters = new QuotaCounters();
      Object.assign(counters.current(counter, nowMs), change);
      counters.forgetSome(1, nowMs + minuteMs - 1);
      expect(counters.size).toBe(1);
      for (const _ of [1, 2]) counters.forgetSome(1, nowMs + minuteMs);
      expect(counters.size).toBe(0);
    }
  });

  it('are looked at two for each new one between operations, one by one', () => {
    const counters = new QuotaCounters();
    for (let key = 0; key < 10; key += 1)
      counters.current({ ...counter, counter: `usd/minute/${key}` }, nowMs);
    counters.forgetSome(1, nowMs);
    expect(counters.size).toBe(9);
    counters.tidy(nowMs);
    expect(counters.size).toBe(0);
  });

  it('are raised to what a ledger knows of an open window and never lowered, used here before or not', () => {
    const counters = new QuotaCounters();
    const current = counters.current(counter, nowMs);
    const { counter: name } = counter;
    const { windowId: window } = current;
    current.settle(30, 0);
    const usedOf = (key: string): number => counters.current({ ...counter, counter: key }, nowMs).used;
    for (const [amount, used] of [
      [20, 30],
      [30, 30],
      [31, 31],
    ] as const) {
      counters.raise({ counter: name, window, amount }, nowMs);
      expect(current.used).toBe(used);
    }
    // One that was not used here yet begins with it, by the highest that was told.
    for (const amount of [5, 9, 7]) counters.raise({ counter: 'later', window, amount }, nowMs);
    counters.raise({ counter: 'other', window: 'another window', amount: 9 }, nowMs);
    expect([usedOf('later'), usedOf('other')]).toEqual([9, 0]);
    expect(counters.size).toBe(3);
  });

  it('are corrected in the window named, before their first use as well, and never below 0', () => {
    const counters = new QuotaCounters();
    const { counter: name } = counter;
    const first = counters.current(counter, nowMs);
    first.settle(30, 0);
    counters.retain(first);
    const second = counters.current(counter, nowMs + minuteMs);
    second.settle(10, 0);
    const laterMs = nowMs + minuteMs;
    counters.adjust(name, second.windowId, -4, laterMs);
    expect(second.used).toBe(6);
    // Of a window that is over, the correction comes too late; its lease may still settle.
    counters.adjust(name, first.windowId, -4, laterMs);
    expect(first.used).toBe(30);
    counters.adjust(name, second.windowId, 5, laterMs + minuteMs);
    expect(second.used).toBe(6);
    for (const amount of [8, -3]) counters.adjust('later', second.windowId, amount, laterMs);
    counters.adjust('never', second.windowId, -3, laterMs);
    const usedOf = (key: string): number => counters.current({ ...counter, counter: key }, laterMs).used;
    expect([usedOf('later'), usedOf('never')]).toEqual([5, 0]);
    const bucket = bucketCounter('bucket', { rate: 1, periodMs: 60_000, burst: 50 });
    const drawn = counters.current(bucket, laterMs);
    drawn.settle(9, 0);
    counters.adjust('bucket', 'bucket', -5, laterMs);
    expect(drawn.used).toBe(9);
  });

  it('refuse to count in another kind of window', () => {
    const kinds = [counter, bucketCounter('b', { rate: 1, periodMs: 1_000, burst: 5 }), liveCounter('l', 1)];
    for (const { counter: name, window } of kinds) {
      for (const other of kinds) {
        if (other.window === window) continue;
        const counters = new QuotaCounters();
        counters.current({ ...counter, counter: name, window }, nowMs);
        expect(() => counters.current({ ...counter, counter: name, window: other.window }, nowMs)).toThrow(
          'another kind of window',
        );
      }
    }
  });

  it('of a bucket tell of a threshold again only once it has been full meanwhile', () => {
    const counters = new QuotaCounters();
    const bucket = bucketCounter('tokens', { rate: 1, periodMs: 1_000, burst: 5 });
    const tally = counters.current(bucket, nowMs);
    tally.settle(2, 0);
    tally.reached = 1;
    expect(counters.current(bucket, nowMs + 1_000).reached).toBe(1);
    expect(counters.current(bucket, nowMs + 2_000).reached).toBe(0);
  });
});
