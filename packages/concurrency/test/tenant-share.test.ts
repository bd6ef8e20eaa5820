import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Gate } from '../src/gate.js';
import { fixedLimit } from '../src/permit-limit.js';
import type { Ticket } from '../src/ticket.js';
import { simulatedTime } from './simulated-time.js';

const lanes = [{ weight: 1, rank: 1, batch: false }];

/** A gate, and who got a permit of it. */
function gateOf(limit: number, tenantShare: number) {
  const { clock } = simulatedTime();
  const sizes = { queueSize: 10_000, perTenant: 10_000 };
  const gate = new Gate({ lanes, limit: fixedLimit(limit), batchShare: 0.5, ...sizes, tenantShare, clock });
  const running: { readonly tenant: string; readonly ticket: Ticket }[] = [];
  const enter = (tenant: string): Ticket =>
    gate.enter({
      lane: 0,
      tenant,
      timeoutMs: 60_000,
      admit: (ticket) => void running.push({ tenant, ticket }),
      turnAway: () => undefined,
    });
  const count = (tenant: string): number => running.filter((one) => one.tenant === tenant).length;
  const end = (index: number): void => {
    const [one] = running.splice(index % running.length, 1);
    if (one) gate.end(one.ticket);
  };
  return { gate, running, enter, count, end };
}

const times = <Result>(length: number, run: (index: number) => Result): Result[] =>
  Array.from({ length }, (_, index) => run(index));

describe('permits of several tenants', () => {
  it('are half for one that takes all it gets; the next one is served at once, however many it asks for', () => {
    const { enter, count, gate } = gateOf(100, 0.5);
    enter('quiet');
    times(200, () => enter('greedy'));
    expect(count('greedy')).toBe(50);
    times(300, () => enter('greedy too'));
    expect(count('greedy too')).toBe(25);
    enter('quiet');
    enter('another');
    expect([count('quiet'), count('another')]).toEqual([2, 1]);
    expect(gate.waiting).toBe(150 + 275);
  });

  it('are all for a tenant that is alone', () => {
    const { enter, count } = gateOf(10, 0.5);
    times(20, () => enter('only'));
    expect(count('only')).toBe(10);
  });

  it('are all for anyone with a share of 1', () => {
    const { enter, count } = gateOf(10, 1);
    enter('quiet');
    times(20, () => enter('greedy'));
    expect(count('greedy')).toBe(9);
  });

  it('go to those that wait as others end, in any order: none stays free that somebody may take, none is taken twice', () => {
    const step = fc.oneof(
      fc.record({ does: fc.constant('enter' as const), tenant: fc.constantFrom('a', 'b', 'c', 'd') }),
      fc.record({ does: fc.constant('end' as const), index: fc.nat(100) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 12 }), (steps, limit) => {
        const { gate, enter, running, count, end } = gateOf(limit, 0.5);
        for (const one of steps) {
          if (one.does === 'enter') enter(one.tenant);
          else if (running.length > 0) end(one.index);
          expect(gate.running).toBe(running.length);
          expect(running.length).toBeLessThanOrEqual(limit);
        }
        while (running.length > 0) end(0);
        expect([gate.running, gate.waiting]).toEqual([0, 0]);
        expect(count('a')).toBe(0);
      }),
      { seed: 20261122, numRuns: process.env.TOLLGATE_LONG ? 5_000 : 300 },
    );
  });
});
