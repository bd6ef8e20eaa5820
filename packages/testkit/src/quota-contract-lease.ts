import { describe, expect, it } from '@jest/globals';
import { idTimeMs, newId } from '@tollgate/core';
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

const leaseMs = 5000;

export function quotaLeaseContract(given: Given): void {
  describe('a lease without a heartbeat', () => {
    it('is charged its floors, gives back the rest, and writes its event as uncertain', async () => {
      const { store, advance, events } = given();
      const tenant = new QuotaTenant(store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const [id, attemptId] = [newId(), newId()];
      const event = usageEvent({ eventId: attemptId, costNanoUsd: '20' });
      const alternatives = [{ charges: [{ ...spend, want: 80, floor: 20 }], event }];
      const first = admitted(await tenant.reserve([], { id, attemptId, alternatives, leaseMs }));
      await advance(leaseMs - 1);
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 80 });
      await advance(1);
      expect(await tenant.standing(spend)).toEqual({ used: 20, held: 0 });
      const charges = [{ counter: spend.counter, window: first.grants[0]?.window ?? '', amount: 20 }];
      const written = (await events()).filter(({ eventId }) => eventId === attemptId);
      expect(written).toMatchObject([{ uncertain: true, charges, kind: 'usage', costNanoUsd: '20' }]);
    });

    it('is charged at its last heartbeat, where that said more than the floor', async () => {
      const { store, advance, events } = given();
      const tenant = new QuotaTenant(store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const [id, attemptId] = [newId(), newId()];
      const alternatives = [{ charges: [{ ...spend, want: 80, floor: 20 }], event: usageEvent() }];
      const first = admitted(await tenant.reserve([], { id, attemptId, alternatives, leaseMs }));
      await advance(leaseMs - 1);
      const items = [{ counter: spend.counter, windowId: first.grants[0]?.window ?? '', amount: 45 }];
      const event = usageEvent({ eventId: attemptId, costNanoUsd: '45' });
      expect(await tenant.renew(id, [{ attemptId, items, event }])).toBe(true);
      await advance(leaseMs - 1);
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 80 });
      await advance(1);
      expect(await tenant.standing(spend)).toEqual({ used: 45, held: 0 });
      const written = (await events()).filter(({ eventId }) => eventId === attemptId);
      expect(written).toMatchObject([{ uncertain: true, costNanoUsd: '45' }]);
    });

    it('is charged at its last heartbeat, where that said less than the floor: its event says the same', async () => {
      const { store, advance, events } = given();
      const tenant = new QuotaTenant(store);
      const [spend, calls] = [quotaCounter(tenant.key('day'), 100), quotaCounter(tenant.key('week'), 100)];
      const [id, attemptId] = [newId(), newId()];
      const charges = [
        { ...spend, want: 80, floor: 20 },
        { ...calls, want: 8, floor: 3 },
      ];
      const alternatives = [{ charges, event: usageEvent({ eventId: attemptId, costNanoUsd: '20' }) }];
      const first = admitted(await tenant.reserve([], { id, attemptId, alternatives, leaseMs }));
      const windowId = first.grants[0]?.window ?? '';
      const items = [{ counter: spend.counter, windowId, amount: 12 }];
      const event = usageEvent({ eventId: attemptId, costNanoUsd: '12' });
      expect(await tenant.renew(id, [{ attemptId, items, event }])).toBe(true);
      await advance(leaseMs);
      expect(await tenant.standing(spend)).toEqual({ used: 12, held: 0 });
      expect(await tenant.standing(calls)).toEqual({ used: 0, held: 0 });
      const written = (await events()).filter(({ eventId }) => eventId === attemptId);
      const charged = [{ counter: spend.counter, window: windowId, amount: 12 }];
      expect(written).toMatchObject([{ uncertain: true, costNanoUsd: '12', charges: charged }]);
    });

    it('gives way to others once it has expired', async () => {
      const { store, advance } = given();
      const tenant = new QuotaTenant(store);
      const flights = liveCounter(tenant.key('live'), 1);
      admitted(await tenant.reserve([{ ...flights, want: 1 }], { leaseMs }));
      refusal(await tenant.reserve([{ ...flights, want: 1 }], { leaseMs }));
      await advance(leaseMs);
      admitted(await tenant.reserve([{ ...flights, want: 1 }], { leaseMs }));
    });

    it('leaves nothing held, however many there were', async () => {
      const { store, advance } = given();
      const tenant = new QuotaTenant(store);
      const spend = quotaCounter(tenant.key('day'), 1000);
      await Promise.all(
        Array.from({ length: 200 }, () => tenant.reserve([{ ...spend, want: 5 }], { leaseMs })),
      );
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 1000 });
      await advance(leaseMs);
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 0 });
    });

    it('refuses whatever comes after it was reaped', async () => {
      const { store, advance } = given();
      const tenant = new QuotaTenant(store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const id = newId();
      admitted(await tenant.reserve([{ ...spend, want: 5 }], { id, leaseMs }));
      await advance(leaseMs);
      expect(await tenant.renew(id)).toBe(false);
      expect(refusal(await tenant.cover(id, newId(), [{ ...spend, want: 1 }])).blockedBy).toBe('closed');
      expect(refusal(await tenant.extend(id, [{ ...spend, want: 1 }])).blockedBy).toBe('closed');
      expect(refusal(await tenant.reserve([{ ...spend, want: 5 }], { id, leaseMs })).blockedBy).toBe(
        'closed',
      );
    });
  });

  describe('the truth that comes after a lease was reaped', () => {
    for (const actual of [70, 20, 5]) {
      it(`is charged by the difference: ${actual} after 20 were charged`, async () => {
        const { store, advance, events } = given();
        const tenant = new QuotaTenant(store);
        const spend = quotaCounter(tenant.key('day'), 100);
        const [id, attemptId] = [newId(), newId()];
        const event = usageEvent({ eventId: attemptId, costNanoUsd: '20', outputTokens: 2 });
        const alternatives = [{ charges: [{ ...spend, want: 80, floor: 20 }], event }];
        const first = admitted(await tenant.reserve([], { id, attemptId, alternatives, leaseMs }));
        await advance(leaseMs);
        const truth = usageEvent({ eventId: attemptId, costNanoUsd: String(actual), outputTokens: 1 });
        const items = [itemFor(spend, first.grants[0], actual)];
        const outcomes = [];
        for (const close of [true, true]) {
          outcomes.push((await tenant.charge(id, items, { attemptId, event: truth, close })).outcome);
        }
        expect(outcomes).toEqual(['adjusted', 'repeated']);
        expect(await tenant.standing(spend)).toEqual({ used: actual, held: 0 });
        const corrections = (await events()).filter(({ adjusts }) => adjusts === attemptId);
        expect(corrections).toMatchObject([
          { kind: 'adjustment', costNanoUsd: String(actual - 20), outputTokens: -1, uncertain: false },
        ]);
        const [correction] = corrections;
        expect(correction?.eventId).not.toBe(attemptId);
        expect(idTimeMs(correction?.eventId ?? '')).toBe(idTimeMs(attemptId));
      });
    }

    it('takes back what was charged on a counter that it does not name, and events name what changed only', async () => {
      const { store, advance, events } = given();
      const tenant = new QuotaTenant(store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const [tokens, calls] = [quotaCounter(tenant.key('tokens'), 100), quotaCounter(tenant.key('calls'), 9)];
      const live = liveCounter(tenant.key('live'), 2);
      const [id, attemptId] = [newId(), newId()];
      const charges = [
        { ...spend, want: 80, floor: 20 },
        { ...tokens, want: 50, floor: 10 },
        { ...calls, want: 1 },
        { ...live, want: 1, floor: 1 },
      ];
      const alternatives = [{ charges, event: usageEvent({ eventId: attemptId }) }];
      const { grants } = admitted(await tenant.reserve([], { id, attemptId, alternatives, leaseMs }));
      await advance(leaseMs);
      expect(await tenant.standing(tokens)).toEqual({ used: 10, held: 0 });
      const items = [itemFor(spend, grants[0], 20), itemFor(live, grants[3], 1)];
      await tenant.charge(id, items, { attemptId, close: true });
      expect(await tenant.standing(spend)).toEqual({ used: 20, held: 0 });
      expect(await tenant.standing(tokens)).toEqual({ used: 0, held: 0 });
      const written = (await events()).filter(({ eventId, adjusts }) => (adjusts ?? eventId) === attemptId);
      written.sort((one, other) => other.kind.localeCompare(one.kind));
      const told = written.map((event) => event.charges.map(({ counter, amount }) => [counter, amount]));
      expect(told).toEqual([
        [
          [spend.counter, 20],
          [tokens.counter, 10],
        ],
        [[tokens.counter, -10]],
      ]);
    });

    it('is charged in full for an attempt that the lease never heard of', async () => {
      const { store, advance } = given();
      const tenant = new QuotaTenant(store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const id = newId();
      const first = admitted(await tenant.reserve([{ ...spend, want: 80, floor: 20 }], { id, leaseMs }));
      await advance(leaseMs);
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 0 });
      const { outcome } = await tenant.charge(id, [itemFor(spend, first.grants[0], 33)]);
      expect(outcome).toBe('charged');
      expect(await tenant.standing(spend)).toEqual({ used: 33, held: 0 });
    });
  });
}
