import { describe, expect, it } from '@jest/globals';
import { newId } from '@tollgate/core/internal';
import type { Given } from './quota-contract.js';
import {
  admitted,
  itemFor,
  liveCounter,
  QuotaTenant,
  quotaCounter,
  refusal,
  usageEvent,
} from './quota-fixture.js';

export function quotaSettlementContract(given: Given): void {
  describe('settles', () => {
    it('what an attempt really used, and gives back the rest', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const id = newId();
      const first = admitted(await tenant.reserve([{ ...spend, want: 80 }], { id }));
      const result = await tenant.charge(id, [itemFor(spend, first.grants[0], 30)]);
      expect(result).toMatchObject({ outcome: 'charged', states: [{ used: 30, held: 0, left: 70 }] });
    });

    it('more than was held, without clamping it', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const id = newId();
      const first = admitted(await tenant.reserve([{ ...spend, want: 80 }], { id }));
      const result = await tenant.charge(id, [itemFor(spend, first.grants[0], 130)]);
      expect(result.states[0]).toMatchObject({ used: 130, held: 0, left: 0 });
    });

    it('each attempt once, however often it is told', async () => {
      const { store, events } = given();
      const tenant = new QuotaTenant(store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const [id, attemptId] = [newId(), newId()];
      const first = admitted(await tenant.reserve([{ ...spend, want: 80 }], { id, attemptId }));
      const items = [itemFor(spend, first.grants[0], 30)];
      const outcomes = [];
      for (const close of [false, true, true]) {
        outcomes.push((await tenant.charge(id, items, { attemptId, close })).outcome);
      }
      expect(outcomes).toEqual(['charged', 'repeated', 'repeated']);
      expect(await tenant.standing(spend)).toEqual({ used: 30, held: 0 });
      expect((await events()).filter(({ eventId }) => eventId === attemptId)).toHaveLength(1);
    });

    it('several attempts of one reservation, each its own part of the hold', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const [id, one, two] = [newId(), newId(), newId()];
      const first = admitted(await tenant.reserve([{ ...spend, want: 40 }], { id, attemptId: one }));
      const second = admitted(await tenant.cover(id, two, [{ ...spend, want: 50 }]));
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 90 });
      await tenant.charge(id, [itemFor(spend, first.grants[0], 10)], { attemptId: one });
      expect(await tenant.standing(spend)).toEqual({ used: 10, held: 50 });
      await tenant.charge(id, [itemFor(spend, second.grants[0], 50)], { attemptId: two });
      expect(await tenant.standing(spend)).toEqual({ used: 60, held: 0 });
    });

    it('an attempt that needs no more than is held, by registering it', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const [id, attemptId] = [newId(), newId()];
      const first = admitted(await tenant.reserve([{ ...spend, want: 100 }], { id }));
      const covered = admitted(await tenant.cover(id, attemptId, [{ ...spend, want: 0 }]));
      expect(covered.grants).toEqual([{ ...first.grants[0], granted: 0 }]);
      expect(await tenant.cover(id, attemptId, [{ ...spend, want: 0 }])).toEqual(covered);
    });

    it('a share of the cap that `used` reaches, once in its window', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const crossed: number[][] = [];
      for (const amount of [49, 1, 10, 60, 5]) {
        const id = newId();
        const result = await tenant.reserve([{ ...spend, want: Math.min(amount, 40) }], { id });
        const grant = result.ok ? result.grants[0] : undefined;
        const item = itemFor(spend, grant, amount);
        const charged = await tenant.charge(id, [{ ...item, windowId: item.windowId || '' }], {
          close: true,
        });
        crossed.push(charged.crossed.map(({ threshold }) => threshold));
      }
      expect(crossed).toEqual([[], [0.5], [], [0.8, 1], []]);
    });

    it('a reservation’s end once; what is closed stays closed', async () => {
      const tenant = new QuotaTenant(given().store);
      const [spend, live] = [quotaCounter(tenant.key('day'), 100), liveCounter(tenant.key('live'), 5)];
      const id = newId();
      const charges = [
        { ...spend, want: 80 },
        { ...live, want: 1 },
      ];
      admitted(await tenant.reserve(charges, { id }));
      await tenant.close(id);
      await tenant.close(id);
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 0 });
      expect(await tenant.standing(live)).toEqual({ used: 0, held: 0 });
      expect(refusal(await tenant.reserve(charges, { id })).blockedBy).toBe('closed');
      expect(await tenant.renew(id)).toBe(false);
    });

    it('an attempt that was not charged when its reservation ended, in full', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const [id, attemptId] = [newId(), newId()];
      const first = admitted(await tenant.reserve([{ ...spend, want: 80 }], { id, attemptId }));
      await tenant.close(id);
      const items = [itemFor(spend, first.grants[0], 30)];
      expect((await tenant.charge(id, items, { attemptId })).outcome).toBe('charged');
      expect((await tenant.charge(id, items, { attemptId })).outcome).toBe('repeated');
      expect(await tenant.standing(spend)).toEqual({ used: 30, held: 0 });
    });

    it('the usage event with the counters, in one step', async () => {
      const { store, events } = given();
      const tenant = new QuotaTenant(store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const [id, attemptId] = [newId(), newId()];
      const first = admitted(await tenant.reserve([{ ...spend, want: 80 }], { id, attemptId }));
      const charges = [{ counter: spend.counter, window: first.grants[0]?.window ?? '', amount: 30 }];
      const event = usageEvent({ eventId: attemptId, charges, costNanoUsd: '30' });
      const { recorded } = await tenant.charge(id, [itemFor(spend, first.grants[0], 30)], {
        attemptId,
        event,
      });
      expect(recorded).toBe(true);
      expect((await events()).filter(({ eventId }) => eventId === attemptId)).toEqual([event]);
    });
  });

  describe('repeats', () => {
    it('its answer to a reservation that is asked for twice', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const id = newId();
      const first = await tenant.reserve([{ ...spend, want: 80 }], { id });
      expect(await tenant.reserve([{ ...spend, want: 80 }], { id })).toEqual(first);
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 80 });
    });

    it('nothing for a reservation that comes after its own close', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const id = newId();
      await tenant.close(id);
      expect(refusal(await tenant.reserve([{ ...spend, want: 80 }], { id })).blockedBy).toBe('closed');
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 0 });
    });
  });
}
