import { describe, expect, it } from '@jest/globals';
import { quotaCounter } from '@tollgate/testkit/contracts';
import { costOn, Lease, markCharged, takeReaped } from '../../src/quota/lease.js';
import { CalendarCounter } from '../../src/quota/window-counter.js';

const nowMs = Date.parse('2026-11-21T12:00:00Z');
const counterOf = (id: string): CalendarCounter =>
  new CalendarCounter({ id, startMs: nowMs, endMs: nowMs + 60_000 });
const holdOf = (name: string, window: string) => ({
  counter: quotaCounter(name, 100),
  windowCounter: counterOf(window),
  amount: 5,
});

describe('a lease', () => {
  it('names the ids of its charged attempts: one by itself, several in an array, no running one', () => {
    const idsOf = (...states: ('running' | 'charged' | 'reaped')[]): unknown => {
      const lease = new Lease('a', 'acme', 1_000, nowMs);
      states.forEach((state, index) => {
        lease.attemptOrNew(String(index)).state = state;
      });
      return lease.chargedAttempts;
    };
    expect(idsOf()).toEqual([]);
    expect(idsOf('running')).toEqual([]);
    expect(idsOf('charged')).toBe('0');
    expect(idsOf('running', 'charged')).toBe('1');
    expect(idsOf('charged', 'reaped', 'charged')).toEqual(['0', '2']);
  });

  it('finds its hold on a counter in a window, and without one its latest', () => {
    const lease = new Lease('a', 'acme', 1_000, nowMs);
    const [first, second, other] = [holdOf('day', 'mon'), holdOf('day', 'tue'), holdOf('month', 'nov')];
    lease.holds = [first, second, other];
    expect(lease.holdOn('day')).toBe(second);
    expect(lease.holdOn('day', 'mon')).toBe(first);
    expect(lease.holdOn('day', 'wed')).toBeUndefined();
    expect(lease.holdOn('year')).toBeUndefined();
  });

  it('that is reaped forgets its answers, and keeps its holds and attempts', () => {
    const lease = new Lease('a', 'acme', 1_000, nowMs);
    lease.holds = [holdOf('day', 'mon')];
    const answer = { ok: false, refusal: { blockedBy: 'used' }, nowMs } as const;
    Object.assign(lease, { answer, extensions: [{ asked: [], answer }] });
    lease.attemptOrNew('one').covered = answer;
    lease.reap();
    expect(lease).toMatchObject({ state: 'reaped', answer: undefined, extensions: [] });
    expect(lease.holds).toHaveLength(1);
    expect(lease.attempts).toMatchObject([{ id: 'one', covered: undefined }]);
  });

  it('takes back what a reaped attempt was charged, on that counter and in that window, once', () => {
    const lease = new Lease('a', 'acme', 1_000, nowMs);
    const attempt = lease.attemptOrNew('one');
    for (const [name, window, charged] of [
      ['day', 'mon', 1],
      ['day', 'tue', 2],
      ['month', 'tue', 4],
    ] as const) {
      const hold = holdOf(name, window);
      costOn(attempt, hold).charged = charged;
      expect(costOn(attempt, hold)).toBe(attempt.costs.at(-1));
    }
    expect(takeReaped(attempt, 'day', 'tue')).toBe(2);
    expect(takeReaped(attempt, 'day', 'tue')).toBe(0);
    expect(takeReaped(attempt, 'month', 'mon')).toBe(0);
    expect(takeReaped(attempt, 'year', 'mon')).toBe(0);
    expect(attempt.costs.map(({ charged }) => charged)).toEqual([1, 0, 4]);
    markCharged(attempt);
    expect(attempt).toMatchObject({ state: 'charged', costs: [], event: undefined });
  });
});
