import { afterEach, describe, expect, it } from '@jest/globals';
import {
  bucketCounter,
  itemFor,
  liveCounter,
  QuotaTenant,
  quotaCounter,
  usageEvent,
} from '@tollgate/testkit/contracts';
import { memoryQuota, subscribe } from '../../src/index.js';
import { newId } from '../../src/internal.js';

const start = Date.parse('2026-11-21T12:00:00Z');
const leaseMs = 1000;

/** What was published on a channel while a test ran. */
function listen(channel: Parameters<typeof subscribe>[0]): Readonly<Record<string, unknown>>[] {
  const heard: Readonly<Record<string, unknown>>[] = [];
  stops.push(subscribe(channel, (facts) => heard.push(facts)));
  return heard;
}
const stops: (() => void)[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

describe('memoryQuota', () => {
  it('refuses a wrong or unknown option at start', () => {
    expect(() => memoryQuota({ thresholds: [0.5, 2] })).toThrow(
      'memoryQuota: "thresholds" must be an array, each a number above 0 and at most 1',
    );
    const misspelt: object = { treshold: [1] };
    expect(() => memoryQuota(misspelt)).toThrow('memoryQuota: unknown option "treshold"');
    expect(() => memoryQuota({ reapEveryMs: 0 })).toThrow('"reapEveryMs"');
    const noSink: object = { sinks: [{}] };
    expect(() => memoryQuota(noSink)).toThrow('"sinks"');
  });

  it('refuses figures that would stay in a counter for good, and changes nothing', async () => {
    const store = memoryQuota();
    const tenant = new QuotaTenant(store);
    const spend = quotaCounter(tenant.key('day'), 100);
    for (const want of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(tenant.reserve([{ ...spend, want }])).rejects.toThrow(TypeError);
    }
    await expect(tenant.reserve([{ ...spend, want: 1 }], { leaseMs: 5 })).rejects.toThrow('leaseMs');
    await expect(tenant.charge(newId(), [itemFor(spend, undefined, -5)])).rejects.toThrow('amount');
    const running = [
      {
        attemptId: newId(),
        event: usageEvent(),
        items: [{ counter: spend.counter, windowId: '', amount: -5 }],
      },
    ];
    await expect(tenant.renew(newId(), running)).rejects.toThrow('amount');
    expect(await tenant.standing(spend)).toEqual({ used: 0, held: 0 });
    await store.end();
  });

  it('stands still while its clock steps back, so that no window comes twice', async () => {
    let nowMs = start;
    const store = memoryQuota({ now: () => nowMs });
    const tenant = new QuotaTenant(store);
    const spend = quotaCounter(tenant.key('day'), 100);
    const id = newId();
    const result = await tenant.reserve([{ ...spend, want: 100 }], { id });
    const grant = result.ok ? result.grants[0] : undefined;
    await tenant.charge(id, [itemFor(spend, grant, 100)], { close: true });
    nowMs -= 86_400_000;
    expect((await tenant.reserve([{ ...spend, want: 1 }])).ok).toBe(false);
    await store.end();
  });

  it('reaps by itself while nothing happens, and does not keep the process alive', async () => {
    let nowMs = start;
    const settled = listen('tollgate:settle');
    const store = memoryQuota({ now: () => nowMs, reapEveryMs: 10 });
    const tenant = new QuotaTenant(store);
    await tenant.reserve([{ ...liveCounter(tenant.key('live'), 1), want: 1 }], { leaseMs });
    nowMs += leaseMs;
    const own = () => settled.filter(({ partition }) => partition === tenant.name);
    const deadline = Date.now() + 5000;
    while (own().length === 0 && Date.now() < deadline) await new Promise((done) => setTimeout(done, 5));
    expect(own()).toMatchObject([{ outcome: 'reaped' }]);
    await store.end();
  });

  it('publishes reservations, settlements and thresholds, each frozen', async () => {
    const [reserved, settled, crossed] = [
      listen('tollgate:reserve'),
      listen('tollgate:settle'),
      listen('tollgate:threshold'),
    ];
    const store = memoryQuota({ thresholds: [0.8] });
    const tenant = new QuotaTenant(store);
    const spend = quotaCounter(tenant.key('day'), 100);
    const [id, attemptId] = [newId(), newId()];
    const result = await tenant.reserve([{ ...spend, want: 90 }], { id, attemptId });
    await tenant.reserve([{ ...spend, want: 20 }]);
    const grant = result.ok ? result.grants[0] : undefined;
    await tenant.charge(id, [itemFor(spend, grant, 85)], { attemptId, close: true });
    expect(reserved).toMatchObject([
      { operation: 'reserve', id, partition: tenant.name, ok: true },
      { ok: false, blockedBy: 'held', counter: spend.counter },
    ]);
    expect(settled).toMatchObject([
      { id, attemptId, outcome: 'charged', charges: [{ counter: spend.counter, amount: 85 }] },
      { id, outcome: 'closed' },
    ]);
    expect(crossed).toMatchObject([{ counter: spend.counter, threshold: 0.8, used: 85 }]);
    expect([...reserved, ...settled, ...crossed].every(Object.isFrozen)).toBe(true);
    await store.end();
  });

  it('reaps and corrects without a sink, and tells of a close once, with what it gave back', async () => {
    let nowMs = start;
    const settled = listen('tollgate:settle');
    const store = memoryQuota({ now: () => nowMs });
    const tenant = new QuotaTenant(store);
    const [spend, calls] = [quotaCounter(tenant.key('day'), 100), quotaCounter(tenant.key('calls'), 9)];
    const [id, attemptId] = [newId(), newId()];
    const charges = [{ ...spend, want: 60, floor: 20 }];
    const alternatives = [{ charges, event: usageEvent({ eventId: attemptId }) }];
    const result = await tenant.reserve([], { id, attemptId, alternatives, leaseMs });
    nowMs += leaseMs;
    expect(await tenant.standing(spend)).toEqual({ used: 20, held: 0 });
    const grant = result.ok ? result.grants[0] : undefined;
    const late = await tenant.charge(id, [itemFor(spend, grant, 30)], { attemptId, close: true });
    expect(late).toMatchObject({ outcome: 'adjusted', recorded: false });
    const closed = newId();
    await tenant.reserve(
      [
        { ...spend, want: 5 },
        { ...calls, want: 0 },
      ],
      { id: closed },
    );
    await tenant.close(closed);
    await tenant.close(closed);
    expect(settled.filter((facts) => facts.id === closed)).toMatchObject([
      { outcome: 'closed', givenBack: [{ counter: spend.counter, amount: 5 }] },
    ]);
    await store.end();
  });

  it('charges an attempt that nobody described and that was left to expire, and tells no sink of it', async () => {
    let nowMs = start;
    const events: unknown[] = [];
    const store = memoryQuota({ now: () => nowMs, sinks: [{ write: (event) => void events.push(event) }] });
    const tenant = new QuotaTenant(store);
    const spend = quotaCounter(tenant.key('day'), 100);
    await tenant.reserve([{ ...spend, want: 5, floor: 3 }], { attemptId: newId(), leaseMs });
    nowMs += leaseMs;
    expect(await tenant.standing(spend)).toEqual({ used: 3, held: 0 });
    await store.end();
    expect(events).toEqual([]);
  });

  it('covers an attempt once, however often that is asked', async () => {
    const store = memoryQuota();
    const tenant = new QuotaTenant(store);
    const spend = quotaCounter(tenant.key('day'), 100);
    const [id, attemptId] = [newId(), newId()];
    await tenant.reserve([{ ...spend, want: 1 }], { id });
    const first = await tenant.cover(id, attemptId, [{ ...spend, want: 10 }]);
    expect(await tenant.cover(id, attemptId, [{ ...spend, want: 10 }])).toEqual(first);
    expect(await tenant.standing(spend)).toEqual({ used: 0, held: 11 });
    await store.end();
  });

  it('reports a share of a token bucket again once it has been full in between', async () => {
    let nowMs = start;
    const store = memoryQuota({ now: () => nowMs, thresholds: [0.5] });
    const tenant = new QuotaTenant(store);
    const tokens = bucketCounter(tenant.key('bucket'), { rate: 1, periodMs: 1000, burst: 10 });
    const crossings = [];
    for (const restMs of [0, 1000, 20_000]) {
      nowMs += restMs;
      const id = newId();
      const result = await tenant.reserve([{ ...tokens, want: 1 }], { id });
      const grant = result.ok ? result.grants[0] : undefined;
      const { crossed } = await tenant.charge(id, [itemFor(tokens, grant, 6)], { close: true });
      crossings.push(crossed.length);
    }
    expect(crossings).toEqual([1, 0, 1]);
    await store.end();
  });

  it('reports a threshold that a reaped lease reached to the next who comes by', async () => {
    let nowMs = start;
    const store = memoryQuota({ now: () => nowMs });
    const tenant = new QuotaTenant(store);
    const spend = quotaCounter(tenant.key('day'), 100);
    await tenant.reserve([{ ...spend, want: 60, floor: 60 }], { leaseMs, attemptId: newId() });
    nowMs += leaseMs;
    const next = await tenant.reserve([{ ...spend, want: 1 }]);
    expect(next).toMatchObject({ ok: true, crossed: [{ threshold: 0.5, used: 60 }] });
    expect(await tenant.reserve([{ ...spend, want: 1 }])).toMatchObject({ ok: true, crossed: [] });
    await store.end();
  });
});
