import { describe, expect, it } from '@jest/globals';
import { newId } from '@tollgate/core/internal';
import type { Given } from './quota-contract.js';
import { admitted, itemFor, liveCounter, QuotaTenant, quotaCounter, refusal } from './quota-fixture.js';

export function quotaAdmissionContract(given: Given): void {
  describe('admits', () => {
    it('exactly as many of 200 parallel requests as the cap covers', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 300);
      const results = await Promise.all(
        Array.from({ length: 200 }, () => tenant.reserve([{ ...spend, want: 100 }])),
      );
      expect(results.filter(({ ok }) => ok)).toHaveLength(3);
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 300 });
    });

    it('on all counters or on none', async () => {
      const tenant = new QuotaTenant(given().store);
      const [wide, narrow] = [quotaCounter(tenant.key('wide'), 1000), quotaCounter(tenant.key('narrow'), 10)];
      const refused = refusal(
        await tenant.reserve([
          { ...wide, want: 5 },
          { ...narrow, want: 11 },
        ]),
      );
      expect(refused).toMatchObject({
        blockedBy: 'size',
        charge: 1,
        state: { counter: narrow.counter, left: 10 },
      });
      expect(await tenant.standing(wide)).toEqual({ used: 0, held: 0 });
    });

    it('the first alternative that fits, and says which', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const alternatives = [80, 40, 10].map((want) => ({ charges: [{ ...spend, want }] }));
      const taken = [];
      for (let request = 0; request < 3; request += 1) {
        taken.push(admitted(await tenant.reserve([], { alternatives })).alternative);
      }
      expect(taken).toEqual([0, 2, 2]);
      expect(refusal(await tenant.reserve([], { alternatives })).charge).toBe(0);
    });

    it('an alternative that asks nothing, where nothing else fits, and holds nothing for it', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const alternatives = [{ charges: [{ ...spend, want: 60, onlyBelow: 0.5 }] }, { charges: [] }];
      const taken = [];
      for (let request = 0; request < 3; request += 1) {
        const { alternative, grants } = admitted(await tenant.reserve([], { alternatives }));
        taken.push([alternative, grants.length]);
      }
      expect(taken).toEqual([
        [0, 1],
        [1, 0],
        [1, 0],
      ]);
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 60 });
    });

    it('an alternative only while its counter is below the share', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const alternatives = [
        { charges: [{ ...spend, want: 10, onlyBelow: 0.5 }] },
        { charges: [{ ...spend, want: 10 }] },
      ];
      const taken = [];
      for (let request = 0; request < 6; request += 1) {
        taken.push(admitted(await tenant.reserve([], { alternatives })).alternative);
      }
      expect(taken).toEqual([0, 0, 0, 0, 0, 1]);
      const only = alternatives.slice(0, 1);
      expect(refusal(await tenant.reserve([], { alternatives: only })).blockedBy).toBe('held');
    });

    it('less than wanted where `min` allows it, never less than `min`', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const asks = { ...spend, want: 70, min: 20 };
      expect(admitted(await tenant.reserve([asks])).grants[0]?.granted).toBe(70);
      expect(admitted(await tenant.reserve([asks])).grants[0]?.granted).toBe(30);
      expect(refusal(await tenant.reserve([asks])).blockedBy).toBe('held');
    });

    it('a request for nothing until `used` alone has reached the cap', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const id = newId();
      const first = admitted(await tenant.reserve([{ ...spend, want: 100 }], { id }));
      admitted(await tenant.reserve([{ ...spend, want: 0 }]));
      await tenant.charge(id, [itemFor(spend, first.grants[0], 100)], { close: true });
      expect(refusal(await tenant.reserve([{ ...spend, want: 0 }])).blockedBy).toBe('used');
    });

    it('everything on a soft counter, and counts it', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 10, { soft: true });
      const result = admitted(await tenant.reserve([{ ...spend, want: 25 }]));
      expect(result.grants[0]?.granted).toBe(25);
      expect(result.states[0]).toMatchObject({ held: 25, left: 0 });
    });

    it('as many leases at once as a concurrent limit says, each counted once', async () => {
      const tenant = new QuotaTenant(given().store);
      const flights = liveCounter(tenant.key('live'), 2);
      const [first, second, third] = [newId(), newId(), newId()];
      admitted(await tenant.reserve([{ ...flights, want: 1 }], { id: first }));
      admitted(await tenant.cover(first, newId(), [{ ...flights, want: 1 }]));
      admitted(await tenant.reserve([{ ...flights, want: 1 }], { id: second }));
      const refused = refusal(await tenant.reserve([{ ...flights, want: 1 }], { id: third }));
      expect(refused).toMatchObject({ blockedBy: 'held', state: { held: 2, used: 0, limit: 2 } });
      await tenant.close(first);
      admitted(await tenant.reserve([{ ...flights, want: 1 }], { id: third }));
    });
  });

  describe('refuses', () => {
    it('naming `held` while others’ reservations are in the way, and `used` once they are charged', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const id = newId();
      const first = admitted(await tenant.reserve([{ ...spend, want: 60 }], { id }));
      expect(refusal(await tenant.reserve([{ ...spend, want: 50 }])).blockedBy).toBe('held');
      await tenant.charge(id, [itemFor(spend, first.grants[0], 60)], { close: true });
      const refused = refusal(await tenant.reserve([{ ...spend, want: 50 }]));
      expect(refused).toMatchObject({ blockedBy: 'used', state: { used: 60, held: 0, left: 40 } });
    });

    it('naming `size`, without a time to wait, what is larger than the whole limit', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const refused = refusal(await tenant.reserve([{ ...spend, want: 101 }]));
      expect(refused.blockedBy).toBe('size');
      expect(refused.retryAfterMs).toBeUndefined();
      const nothing = quotaCounter(tenant.key('none'), 0);
      expect(refusal(await tenant.reserve([{ ...nothing, want: 0 }])).blockedBy).toBe('size');
    });

    it('naming the counter that resets last, among those that are used up', async () => {
      const tenant = new QuotaTenant(given().store);
      const counters = (['hour', 'month', 'day'] as const).map((period) =>
        quotaCounter(tenant.key(period), 10, {
          window: { kind: 'calendar', period, timeZone: 'UTC', anchorDay: 1 },
        }),
      );
      const id = newId();
      const charges = counters.map((counter) => ({ ...counter, want: 10 }));
      const { grants } = admitted(await tenant.reserve(charges, { id }));
      await tenant.charge(
        id,
        counters.map((counter, index) => itemFor(counter, grants[index], 10)),
        { close: true },
      );
      expect(refusal(await tenant.reserve(charges))).toMatchObject({ charge: 1, blockedBy: 'used' });
    });

    it('without changing anything', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const [id, attemptId] = [newId(), newId()];
      admitted(await tenant.reserve([{ ...spend, want: 90 }], { id }));
      refusal(await tenant.reserve([{ ...spend, want: 20 }]));
      refusal(await tenant.cover(id, attemptId, [{ ...spend, want: 20 }]));
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 90 });
      admitted(await tenant.cover(id, attemptId, [{ ...spend, want: 10 }]));
    });

    it('no tenant for what another has used', async () => {
      const { store } = given();
      const [one, other] = [new QuotaTenant(store), new QuotaTenant(store)];
      admitted(await one.reserve([{ ...quotaCounter(one.key('day'), 100), want: 100 }]));
      admitted(await other.reserve([{ ...quotaCounter(other.key('day'), 100), want: 100 }]));
    });
  });

  describe('extends', () => {
    it('a reservation by a route’s own limits, once', async () => {
      const tenant = new QuotaTenant(given().store);
      const [spend, route] = [quotaCounter(tenant.key('day'), 100), quotaCounter(tenant.key('route'), 50)];
      const id = newId();
      admitted(await tenant.reserve([{ ...spend, want: 10 }], { id }));
      const first = await tenant.extend(id, [{ ...route, want: 10 }]);
      expect(await tenant.extend(id, [{ ...route, want: 10 }])).toEqual(first);
      expect(await tenant.standing(route)).toEqual({ used: 0, held: 10 });
    });

    it('and closes the whole reservation where they refuse', async () => {
      const tenant = new QuotaTenant(given().store);
      const [spend, route] = [quotaCounter(tenant.key('day'), 100), quotaCounter(tenant.key('route'), 5)];
      const id = newId();
      admitted(await tenant.reserve([{ ...spend, want: 10 }], { id }));
      expect(refusal(await tenant.extend(id, [{ ...route, want: 10 }])).blockedBy).toBe('size');
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 0 });
      expect(refusal(await tenant.cover(id, newId(), [{ ...spend, want: 1 }])).blockedBy).toBe('closed');
    });
  });
}
