import { describe, expect, it } from '@jest/globals';
import { Lease } from '../../src/quota/lease.js';
import { LeaseRegistry, reapedKeptMs } from '../../src/quota/lease-registry.js';

const nowMs = Date.parse('2026-11-21T12:00:00Z');
const leaseMs = 60_000;
const leaseOf = (id: string, forMs = leaseMs, fromMs = nowMs): Lease =>
  new Lease(id, 'acme', forMs, fromMs + forMs);
const of = (id: string) => ({ id, partition: 'acme' });

/** Ends a lease as the engine does: as closed, or as reaped. */
function end(registry: LeaseRegistry, lease: Lease, state: 'closed' | 'reaped', untilMs: number): void {
  if (state === 'reaped') lease.reap();
  else lease.state = 'closed';
  registry.bury(lease, untilMs);
}

describe('the leases of a store in memory', () => {
  it('are counted, live and ended ones', () => {
    const registry = new LeaseRegistry();
    const [first, second, third] = ['a', 'b', 'c'].map((id) => leaseOf(id)) as [Lease, Lease, Lease];
    for (const lease of [first, second, third]) registry.add(lease);
    end(registry, first, 'closed', nowMs + 5_000);
    end(registry, second, 'reaped', nowMs + reapedKeptMs);
    expect(registry.size).toBe(3);
    registry.forgetSome(9, nowMs + 5_000, () => undefined);
    expect(registry.size).toBe(2);
    expect(registry.get(of('c'), nowMs)).toBe(third);
  });

  it('are known until their tombstone ends, to the millisecond; a live one beyond its end, until it is reaped', () => {
    const registry = new LeaseRegistry();
    const [closed, reaped, live] = ['closed', 'reaped', 'live'].map((id) => leaseOf(id)) as [
      Lease,
      Lease,
      Lease,
    ];
    for (const lease of [closed, reaped, live]) registry.add(lease);
    const untilMs = nowMs + 5_000;
    end(registry, closed, 'closed', untilMs);
    end(registry, reaped, 'reaped', untilMs);
    expect(registry.get(of('closed'), untilMs - 1)).toMatchObject({ state: 'closed', expiresAtMs: untilMs });
    expect(registry.get(of('reaped'), untilMs - 1)).toBe(reaped);
    for (const id of ['closed', 'reaped', 'unknown']) expect(registry.get(of(id), untilMs)).toBeUndefined();
    expect(registry.get(of('live'), nowMs + 10 * leaseMs)).toBe(live);
    expect(registry.expired(nowMs + leaseMs - 1)).toBeUndefined();
    expect(registry.expired(nowMs + leaseMs)).toBe(live);
    registry.renew(live, nowMs + leaseMs);
    expect(registry.expired(nowMs + 2 * leaseMs - 1)).toBeUndefined();
    expect(registry.soonest).toBe(live);
  });

  it('are remembered where unknown for two of the longest leases, at least two minutes', () => {
    const registry = new LeaseRegistry();
    expect(registry.unknownForMs).toBe(120_000);
    registry.add(leaseOf('long', 90_000));
    registry.add(leaseOf('short', 1_000));
    expect(registry.unknownForMs).toBe(180_000);
  });

  it('once closed, keep their charged attempts and the refusal that closed them, also of a second closing', () => {
    const registry = new LeaseRegistry();
    const lease = leaseOf('a');
    registry.add(lease);
    for (const [id, state] of [
      ['one', 'charged'],
      ['two', 'running'],
      ['three', 'charged'],
    ] as const)
      lease.attemptOrNew(id).state = state;
    const refusal = { asked: [], answer: { ok: false, refusal: { blockedBy: 'used' }, nowMs } } as const;
    lease.extensions = [refusal];
    end(registry, lease, 'closed', nowMs + 5_000);
    const known = registry.get(of('a'), nowMs);
    expect(known?.attempts.map(({ id, state }) => [id, state])).toEqual([
      ['one', 'charged'],
      ['three', 'charged'],
    ]);
    expect(known?.extensions).toEqual([refusal]);
    if (!known) return;
    known.attemptOrNew('two').state = 'charged';
    registry.bury(known, nowMs + 9_000);
    expect(registry.size).toBe(1);
    // The slot of the first closing removes nothing of the second.
    registry.forgetSome(9, nowMs + 6_000, () => undefined);
    expect(registry.get(of('a'), nowMs + 8_999)?.attempts).toHaveLength(3);
    registry.forgetSome(9, nowMs + 9_000, () => undefined, true);
    expect(registry.size).toBe(0);
  });

  it('are forgotten as many at a time as asked for, once their second is over and not before', () => {
    const registry = new LeaseRegistry();
    for (const state of ['closed', 'reaped'] as const) {
      for (let number = 0; number < 6; number += 1) {
        const lease = leaseOf(`${state}${number}`);
        registry.add(lease);
        end(registry, lease, state, nowMs + 1_500);
      }
    }
    const forgotten: string[] = [];
    const forget = (most: number, atMs: number): number => {
      registry.forgetSome(most, atMs, ({ id }) => forgotten.push(id));
      return registry.size;
    };
    expect(forget(9, nowMs + 1_999)).toBe(12);
    expect(forget(4, nowMs + 2_000)).toBe(8);
    expect(forget(4, nowMs + 2_000)).toBe(4);
    expect(forgotten).toHaveLength(2);
    expect(forget(4, nowMs + 2_000)).toBe(0);
    expect(forgotten.every((id) => id.startsWith('reaped'))).toBe(true);
  });

  it('behind a longer one are found by a thorough search only', () => {
    for (const state of ['closed', 'reaped'] as const) {
      const registry = new LeaseRegistry();
      for (const [id, forMs] of [
        ['long', 60_000],
        ['short', 2_000],
      ] as const) {
        const lease = leaseOf(id);
        registry.add(lease);
        end(registry, lease, state, nowMs + forMs);
      }
      registry.forgetSome(9, nowMs + 3_000, () => undefined);
      expect(registry.size).toBe(2);
      registry.forgetSome(9, nowMs + 3_000, () => undefined, true);
      expect(registry.size).toBe(1);
      expect(registry.get(of('long'), nowMs)).toBeDefined();
    }
  });

  it('reaped beyond a thousand are kept for two leases, the oldest first; up to that for a day', () => {
    const registry = new LeaseRegistry();
    const reap = (count: number): void => {
      for (let number = 0; number < count; number += 1) {
        const lease = leaseOf(`r${registry.size}`);
        registry.add(lease);
        end(registry, lease, 'reaped', nowMs + reapedKeptMs);
      }
    };
    const sizeAfter = (atMs: number): number => {
      registry.forgetSome(5_000, atMs, () => undefined);
      return registry.size;
    };
    reap(1_000);
    expect(sizeAfter(nowMs + 2 * leaseMs)).toBe(1_000);
    reap(3);
    expect(sizeAfter(nowMs + 2 * leaseMs - 1)).toBe(1_003);
    expect(sizeAfter(nowMs + 2 * leaseMs)).toBe(1_000);
    expect(sizeAfter(nowMs + reapedKeptMs - 1)).toBe(1_000);
    expect(sizeAfter(nowMs + reapedKeptMs)).toBe(0);
    // Those that were forgotten are not counted among the thousand any more.
    reap(2);
    expect(sizeAfter(nowMs + 2 * leaseMs)).toBe(2);
  });
});
