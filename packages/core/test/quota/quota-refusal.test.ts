import { describe, expect, it } from '@jest/globals';
import { liveCounter, quotaCounter } from '@tollgate/testkit/contracts';
import type { QuotaCharge } from '../../src/internal.js';
import { type BlockingCounter, refusalOf } from '../../src/quota/quota-refusal.js';

interface Told {
  readonly used?: number;
  readonly held?: number;
  readonly resetsAtMs?: number;
  readonly ahead?: number;
  /** How long time takes, by how much may be taken; absent: time does not help. */
  readonly wait?: (most: number) => number;
}

/** A charge of so much that does not fit into a hundred. */
function blockingCounter(index: number, charge: Partial<QuotaCharge>, told: Told): BlockingCounter {
  const { used = 0, held = 0, resetsAtMs, ahead = 0, wait } = told;
  const waitMs = (most: number): number | undefined => wait?.(most);
  return {
    index,
    charge: { ...quotaCounter(`counter-${index}`, 100), want: 10, ...charge },
    windowCounter: { windowId: 'w', used, held, resetsAtMs, waitMs },
    ahead,
  };
}

const used = (index: number, resetsAtMs: number, waitMs?: number): BlockingCounter =>
  blockingCounter(index, {}, { used: 95, resetsAtMs, ...(waitMs !== undefined && { wait: () => waitMs }) });
const held = (index: number, resetsAtMs: number): BlockingCounter =>
  blockingCounter(index, {}, { held: 95, resetsAtMs });
const large = (index: number): BlockingCounter =>
  blockingCounter(index, { want: 101 }, { used: 1, wait: () => 7 });
const told = (...blocking: BlockingCounter[]) => {
  const { blockedBy, charge, retryAfterMs } = refusalOf(blocking, 0);
  return { blockedBy, charge, retryAfterMs };
};

describe('what a refusal names', () => {
  it('is the gravest: never fits, before what is used, before what is held, in whatever order', () => {
    const [size, time, others] = [large(1), used(2, 50, 40), held(3, 90)];
    for (const all of [
      [size, time, others],
      [others, time, size],
      [time, size, others],
    ]) {
      expect(told(...all)).toEqual({ blockedBy: 'size', charge: 1, retryAfterMs: undefined });
    }
    expect(told(others, time)).toEqual({ blockedBy: 'used', charge: 2, retryAfterMs: 40 });
    expect(told(time, others)).toEqual({ blockedBy: 'used', charge: 2, retryAfterMs: 40 });
    expect(told(others)).toEqual({ blockedBy: 'held', charge: 3, retryAfterMs: undefined });
  });

  it('is, of equally grave ones, what is reset last; the first of those that are reset together', () => {
    expect(told(used(0, 50, 40), used(1, 90, 10)).charge).toBe(1);
    expect(told(used(0, 90, 10), used(1, 50, 40)).charge).toBe(0);
    expect(told(used(0, 50, 10), used(1, 50, 40)).charge).toBe(0);
  });

  it('is told with the longest that time takes for any of them, and with none where time does not help', () => {
    expect(told(used(0, 50, 40), used(1, 90, 10)).retryAfterMs).toBe(40);
    expect(told(used(0, 50, 10), used(1, 90, 40)).retryAfterMs).toBe(40);
    expect(told(used(0, 50), used(1, 90, 40)).retryAfterMs).toBe(40);
    expect(told(used(0, 50, 40), used(1, 90)).retryAfterMs).toBe(40);
    expect(told(used(0, 50), used(1, 90)).retryAfterMs).toBeUndefined();
    expect(told(held(0, 50), used(1, 90, 5)).retryAfterMs).toBe(5);
  });
});

describe('what a charge needs to fit', () => {
  /** The most that may be taken, as the wait is asked for, and whether what is used is too much already. */
  function askedFor(charge: Partial<QuotaCharge>, figures: Told = {}) {
    const seen: number[] = [];
    const wait = (most: number): number => seen.push(most);
    const { blockedBy } = refusalOf([blockingCounter(0, charge, { used: 100, ...figures, wait })], 0);
    return { most: seen[0], blockedBy };
  }

  it('is what it asks at least, at least one unit, beside what stands ahead of it', () => {
    expect(askedFor({ want: 10 }).most).toBe(90);
    expect(askedFor({ want: 10, min: 4 }).most).toBe(96);
    expect(askedFor({ want: 10, min: 0 }).most).toBe(99);
    expect(askedFor({ want: 10 }, { ahead: 5 }).most).toBe(85);
  });

  it('is one place where leases are counted, whatever it asks', () => {
    expect(askedFor({ ...liveCounter('live', 3), want: 2 }).most).toBe(2);
  });

  it('is less than the share below which alone it may be taken, also of a soft limit', () => {
    expect(askedFor({ want: 10, onlyBelow: 0.3 }).most).toBe(29);
    expect(askedFor({ want: 10, onlyBelow: 0.305 }).most).toBe(30);
    expect(askedFor({ want: 80, onlyBelow: 0.3 }).most).toBe(20);
    expect(askedFor({ want: 80, onlyBelow: 0.3, soft: true }).most).toBe(29);
  });

  it('lacks by what is used only where that alone is more than may be taken', () => {
    expect(askedFor({ want: 10 }, { used: 91 }).blockedBy).toBe('used');
    expect(askedFor({ want: 10 }, { used: 90, held: 9 }).blockedBy).toBe('held');
  });

  it('never fits where nothing may be taken even of an empty counter', () => {
    expect(askedFor({ want: 100 }).blockedBy).toBe('used');
    expect(askedFor({ want: 101 }).blockedBy).toBe('size');
  });
});
