import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Lease } from '../../src/quota/lease.js';
import { LeaseHeap } from '../../src/quota/lease-heap.js';

const steps = fc.array(
  fc.record({
    does: fc.constantFrom('add', 'add', 'remove', 'move'),
    at: fc.nat(30),
    expiresAtMs: fc.nat(9),
  }),
  { minLength: 1, maxLength: 60, size: 'max' },
);
const byExpiry = (one: Lease, other: Lease): number =>
  one.expiresAtMs - other.expiresAtMs || (one.id < other.id ? -1 : 1);

describe('live leases', () => {
  it('come out soonest first, of several by id, whatever was added, taken out and put off', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const heap = new LeaseHeap();
        const live: Lease[] = [];
        for (const [index, { does, at, expiresAtMs }] of all.entries()) {
          const lease = live[at % Math.max(1, live.length)];
          if (does === 'add') {
            // Not in the order of their ids.
            const added = new Lease(`lease-${(index * 37) % 64}`, 'acme', 1000, expiresAtMs);
            heap.add(added);
            live.push(added);
          } else if (lease && does === 'remove') {
            heap.remove(lease);
            heap.remove(lease);
            live.splice(live.indexOf(lease), 1);
            heap.moved(lease);
          } else if (lease) {
            lease.expiresAtMs = expiresAtMs;
            heap.moved(lease);
          }
          live.sort(byExpiry);
          expect(heap.size).toBe(live.length);
          expect(heap.soonest).toBe(live[0]);
        }
        for (const lease of live) {
          expect(heap.soonest).toBe(lease);
          heap.remove(lease);
        }
        expect(heap.soonest).toBeUndefined();
      }),
      { numRuns: 100, seed: 20_261_122 },
    );
  });
});
