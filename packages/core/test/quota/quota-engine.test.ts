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

describe('an operation that comes again, or for what is not held', () => {
  const day = quotaCounter('day', 10);
  const other = quotaCounter('other', 3);
  const reservation = { id: 'one', partition: '', attemptId: 'call', leaseMs };
  const charge = { ...day, want: 4, floor: 2 };

  it('gives the refusal of an extension again, which has ended the reservation', () => {
    const engine = new QuotaEngine([]);
    engine.reserve({ ...reservation, alternatives: [{ charges: [charge] }] }, start);
    const extension = { id: 'one', partition: '', charges: [{ ...other, want: 4 }] };
    const refused = engine.extend(extension, start);
    expect(refused).toMatchObject({ ok: false, refusal: { charge: 0 } });
    expect(engine.extend(extension, start + 1)).toEqual(refused);
    // Another question to the same reservation is answered that it has ended.
    const others = [
      [{ ...other, want: 1 }],
      [{ ...other, limit: 5, want: 4 }],
      [{ ...day, want: 4 }],
      [
        { ...other, want: 4 },
        { ...day, want: 1 },
      ],
    ];
    for (const charges of others)
      expect(engine.extend({ ...extension, charges }, start + 1)).toMatchObject({
        ok: false,
        refusal: { blockedBy: 'closed' },
      });
    expect(engine.read([day, other], start + 1)).toMatchObject([{ held: 0 }, { held: 0 }]);
  });

  it('does not reserve again under the id of a reservation that has ended, in either way', () => {
    for (const end of [
      (engine: QuotaEngine) => engine.close({ id: 'one', partition: '' }, start),
      (engine: QuotaEngine) => engine.reapAll(start),
    ]) {
      const engine = new QuotaEngine([]);
      engine.reserve({ ...reservation, alternatives: [{ charges: [charge] }] }, start);
      end(engine);
      const again = engine.reserve({ ...reservation, alternatives: [{ charges: [charge] }] }, start);
      expect(again).toMatchObject({ ok: false, refusal: { blockedBy: 'closed' } });
      expect(engine.read([day], start)).toMatchObject([{ held: 0 }]);
    }
  });

  it('takes no floor of an extension whose attempt has been charged', () => {
    const engine = new QuotaEngine([]);
    const result = engine.reserve({ ...reservation, alternatives: [{ charges: [charge] }] }, start);
    const items = [itemFor(day, result.ok ? result.grants[0] : undefined, 1)];
    engine.charge({ ...reservation, items, event: usageEvent(), close: false }, start);
    engine.extend({ id: 'one', partition: '', charges: [{ ...other, want: 3, floor: 3 }] }, start);
    expect(engine.read([other], start)).toMatchObject([{ used: 0, held: 3 }]);
    engine.reapAll(start);
    expect(engine.read([day, other], start)).toMatchObject([
      { used: 1, held: 0 },
      { used: 0, held: 0 },
    ]);
  });

  it('charges no heartbeat on a counter that the reservation does not hold', () => {
    const engine = new QuotaEngine([]);
    const result = engine.reserve({ ...reservation, alternatives: [{ charges: [charge] }] }, start);
    const windowId = (result.ok && result.grants[0]?.window) || '';
    const items = [
      { counter: 'day', windowId, amount: 3 },
      { counter: 'other', windowId, amount: 2 },
    ];
    const running = [{ attemptId: 'call', items, event: usageEvent() }];
    expect(engine.renew({ id: 'one', partition: '', running }, start)).toBe(true);
    engine.sweep(start + leaseMs);
    expect(engine.read([day, other], start + leaseMs)).toMatchObject([{ used: 3 }, { used: 0 }]);
  });

  it('delivers an event only for an attempt', () => {
    const events: unknown[] = [];
    const engine = new QuotaEngine([], (event) => void events.push(event));
    const [first, second] = [usageEvent({ eventId: 'first' }), usageEvent({ eventId: 'second' })];
    const { attemptId: _none, ...empty } = reservation;
    engine.reserve({ ...empty, alternatives: [{ charges: [charge], event: first }] }, start);
    expect(engine.reserve({ ...empty, id: 'two', alternatives: [{ charges: [] }] }, start).ok).toBe(true);
    engine.reserve({ ...reservation, id: 'three', alternatives: [{ charges: [], event: second }] }, start);
    // A further cover without an event leaves the attempt the one that it has.
    const more = { alternatives: [{ charges: [{ ...day, want: 1 }] }], attemptId: 'call' };
    engine.cover({ id: 'three', partition: '', ...more }, start);
    engine.reapAll(start);
    expect(events).toMatchObject([{ eventId: expect.stringContaining('second') }]);
  });
});
