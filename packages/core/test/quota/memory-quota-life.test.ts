import { afterEach, describe, expect, it } from '@jest/globals';
import { itemFor, liveCounter, QuotaTenant, quotaCounter } from '@tollgate/testkit/contracts';
import { memoryQuota, newId, subscribe } from '../../src/index.js';

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
    const deadline = Date.now() + 5000;
    while (settled.length === 0 && Date.now() < deadline) await new Promise((done) => setTimeout(done, 5));
    expect(settled).toMatchObject([{ outcome: 'reaped', partition: tenant.name }]);
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
