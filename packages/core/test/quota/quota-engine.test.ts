import { describe, expect, it } from '@jest/globals';
import {
  bucketCounter,
  calendar,
  itemFor,
  liveCounter,
  quotaCounter,
  usageEvent,
} from '@tollgate/testkit/contracts';
import { newId } from '../../src/internal.js';
import { QuotaEngine } from '../../src/quota/quota-engine.js';

const start = Date.parse('2026-11-21T12:00:00Z');
const leaseMs = 1000;
/** Fewer where the same is asked of hundreds of mutants. */
const keys = process.env.TOLLGATE_RUNS ? 10_000 : 100_000;

describe('the memory of the quota engine', () => {
  it('is bounded by what lives, over 100 000 keys and rolling windows', () => {
    const engine = new QuotaEngine([0.5, 0.8, 1]);
    let nowMs = start;
    const most = { counters: 0, leases: 0 };
    for (let key = 0; key < keys; key += 1) {
      nowMs += 20;
      const id = newId();
      const charges = [
        { ...quotaCounter(`${key}/minute`, 10, { window: calendar('minute') }), want: 2 },
        { ...bucketCounter(`${key}/bucket`, { rate: 1, periodMs: 1000, burst: 10 }), want: 2 },
        { ...liveCounter(`${key}/live`, 1), want: 1 },
      ];
      const partition = `${key}`;
      const result = engine.reserve({ id, partition, alternatives: [{ charges }], leaseMs }, nowMs);
      const items = charges.map((charge, index) =>
        itemFor(charge, result.ok ? result.grants[index] : undefined, 1),
      );
      // Every third is left to expire.
      if (key % 3 > 0) {
        engine.charge({ id, partition, attemptId: id, items, event: usageEvent(), close: true }, nowMs);
      }
      most.counters = Math.max(most.counters, engine.size.counters);
      most.leases = Math.max(most.leases, engine.size.leases);
    }
    // A request every 20 ms: a minute's window sees 3 000, two leases see 100 (150 with those that expire). Of those, 1 000 are kept for a day.
    expect(most.counters).toBeLessThan(18_000);
    expect(most.leases).toBeLessThan(1_400);
    engine.sweep(nowMs + 60_000);
    for (let pass = 0; pass < 10; pass += 1) engine.sweep(nowMs + 24 * 3_600_000 + 120_000);
    expect(engine.size).toEqual({ counters: 0, leases: 0 });
    expect(engine.isEmpty).toBe(true);
  });

  it('knows for a day what a lease was charged that was reaped: its settlement corrects that, whenever it comes', () => {
    const engine = new QuotaEngine([]);
    const [counter, id] = [quotaCounter('usd/month', 100, { window: calendar('month') }), newId()];
    const charges = [{ ...counter, want: 60, floor: 60 }];
    const reservation = { id, partition: '', attemptId: id, leaseMs };
    const result = engine.reserve({ ...reservation, alternatives: [{ charges }] }, start);
    const items = [itemFor(counter, result.ok ? result.grants[0] : undefined, 25)];
    const lateMs = start + 23 * 3_600_000;
    engine.sweep(lateMs - 1);
    expect(engine.read([counter], lateMs)).toMatchObject([{ used: 60, held: 0 }]);
    const late = engine.charge({ ...reservation, items, event: usageEvent(), close: true }, lateMs);
    expect(late.outcome).toBe('adjusted');
    expect(engine.read([counter], lateMs)).toMatchObject([{ used: 25, held: 0 }]);
  });

  it('is not taken by requests that are refused, nor by looking at counters', () => {
    const engine = new QuotaEngine([]);
    for (let key = 0; key < 10_000; key += 1) {
      const counter = quotaCounter(`${key}`, 10);
      engine.reserve(
        { id: newId(), partition: '', alternatives: [{ charges: [{ ...counter, want: 11 }] }], leaseMs },
        start,
      );
      engine.read([counter], start);
    }
    expect(engine.size.counters).toBeLessThan(10);
    expect(engine.size.leases).toBe(0);
  });

  it('lets go of a past window when the last lease that counts there ends', () => {
    const engine = new QuotaEngine([]);
    const counter = quotaCounter('a', 10, { window: calendar('minute') });
    const charges = [{ ...counter, want: 5 }];
    const lease = { id: 'one', partition: '', alternatives: [{ charges }], leaseMs: 3_600_000 };
    engine.reserve(lease, start);
    expect(engine.read([counter], start + 60_000)).toMatchObject([{ used: 0, held: 0 }]);
    engine.reserve({ ...lease, id: 'two' }, start + 60_000);
    engine.close({ id: 'one', partition: '' }, start + 60_000);
    expect(engine.read([counter], start + 60_000)).toMatchObject([{ used: 0, held: 5 }]);
  });

  it('reaps a crowd that expires together in steps, and all of it in the end', () => {
    const engine = new QuotaEngine([]);
    const counter = quotaCounter('a', 10_000);
    for (let lease = 0; lease < 5000; lease += 1) {
      const charges = [{ ...counter, want: 1 }];
      engine.reserve({ id: newId(), partition: '', alternatives: [{ charges }], leaseMs }, start);
    }
    const held = [];
    for (let look = 0; look < 6; look += 1) held.push(engine.read([counter], start + leaseMs)[0]?.held);
    expect(held).toEqual([3976, 2952, 1928, 904, 0, 0]);
  });
});
