import { describe, expect, it } from '@jest/globals';
import { itemFor, quotaCounter, usageEvent } from '@tollgate/testkit/contracts';
import { subscribe, type UsageEvent } from '../../src/index.js';
import type { ReserveResult } from '../../src/internal.js';
import { QuotaEngine } from '../../src/quota/quota-engine.js';

const start = Date.parse('2026-11-21T00:00:00Z');
const hourMs = 3_600_000;
const day = quotaCounter('usd/day', 100);
const other = quotaCounter('usd/other', 100);
const [first, second, third] = [day, other, quotaCounter('usd/third', 100)];

/** An engine that keeps the events that it delivers. */
function open() {
  const events: UsageEvent[] = [];
  const engine = new QuotaEngine([], (event) => void events.push(event));
  const reserve = (
    id: string,
    wants: readonly number[],
    more: { leaseMs?: number; event?: UsageEvent } = {},
  ) => {
    const { leaseMs = 1_000, event } = more;
    const charges = [first, second].map((counter, index) => ({
      ...counter,
      want: wants[index] ?? 0,
      floor: wants[index] ?? 0,
    }));
    return engine.reserve(
      { id, partition: '', attemptId: id, leaseMs, alternatives: [{ charges, event }] },
      start,
    );
  };
  const charge = (id: string, result: ReserveResult, amounts: readonly number[], nowMs: number) => {
    const grants = result.ok ? result.grants : [];
    const items = [first, second].map((counter, index) =>
      itemFor(counter, grants[index], amounts[index] ?? 0),
    );
    const event = usageEvent({ eventId: `${id} charged` });
    return engine.charge({ id, partition: '', attemptId: id, items, event, close: true }, nowMs);
  };
  return { engine, events, reserve, charge };
}

describe('the end of a lease', () => {
  it('leaves the engine empty only once neither a counter nor a lease is kept', () => {
    const { engine, reserve, charge } = open();
    expect(engine.isEmpty).toBe(true);
    const result = reserve('a', [5, 0]);
    charge('a', result, [0, 0], start);
    // The counters have nothing in them any more; the lease is remembered.
    engine.sweep(start);
    engine.sweep(start);
    expect(engine.size).toMatchObject({ leases: 1 });
    expect(engine.isEmpty).toBe(false);
    for (let pass = 0; pass < 3; pass += 1) engine.sweep(start + 5_000);
    expect(engine.isEmpty).toBe(true);
    const kept = reserve('b', [5, 0]);
    charge('b', kept, [5, 0], start);
    for (let pass = 0; pass < 3; pass += 1) engine.sweep(start + 10_000);
    expect(engine.size).toMatchObject({ leases: 0, counters: 1 });
    expect(engine.isEmpty).toBe(false);
  });

  it('by expiry is remembered for a day, to the millisecond', () => {
    const outcomeAfter = (ms: number): string => {
      const { reserve, charge, engine } = open();
      const result = reserve('a', [5, 0], { leaseMs: hourMs });
      engine.sweep(start + hourMs);
      return charge('a', result, [1, 0], start + hourMs + ms).outcome;
    };
    expect(outcomeAfter(24 * hourMs - 1)).toBe('adjusted');
    expect(outcomeAfter(24 * hourMs)).toBe('charged');
  });

  it('unseen, is corrected by the difference where its event was written, and without one by the whole event', () => {
    const written = open();
    const uncertain = usageEvent({ eventId: 'a' });
    const result = written.reserve('a', [5, 7], { event: uncertain });
    written.engine.sweep(start + 1_000);
    const told: unknown[] = [];
    const stop = subscribe('tollgate:settle', ({ charges }) => void (charges && told.push(charges)));
    written.charge('a', result, [2, 7], start + 2_000);
    stop();
    expect(written.events).toHaveLength(2);
    const difference = [{ counter: 'usd/day', window: '2026-11-21', amount: -3 }];
    expect(written.events[1]).toMatchObject({ kind: 'adjustment', charges: difference });
    expect(told).toEqual([difference]);
    const silent = open();
    const other = silent.reserve('a', [5, 7]);
    silent.engine.sweep(start + 1_000);
    silent.charge('a', other, [2, 7], start + 2_000);
    expect(silent.events.map(({ eventId }) => eventId)).toEqual(['a charged']);
  });
});

describe('a lease that is extended', () => {
  it('answers the very same question with its first answer, and one that differs in a single charge anew', () => {
    const { engine, reserve } = open();
    reserve('a', [5, 0]);
    const extend = (...wants: (readonly [typeof day, number])[]): ReserveResult => {
      const charges = wants.map(([counter, want]) => ({ ...counter, want }));
      return engine.extend({ id: 'a', partition: '', charges, leaseMs: 1_000 }, start);
    };
    const heldOn = (): number[] => engine.read([first, second, third], start).map(({ held }) => held);
    const answer = extend([second, 10], [third, 20]);
    expect(heldOn()).toEqual([5, 10, 20]);
    expect(extend([second, 10], [third, 20])).toBe(answer);
    expect(heldOn()).toEqual([5, 10, 20]);
    extend([second, 10], [third, 21]);
    expect(heldOn()).toEqual([5, 20, 41]);
    extend([second, 10], [{ ...third, limit: 90 }, 20]);
    expect(heldOn()).toEqual([5, 30, 61]);
    extend([first, 10], [third, 20]);
    expect(heldOn()).toEqual([15, 30, 81]);
  });
});
