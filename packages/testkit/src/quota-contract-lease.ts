import { describe, expect, it } from '@jest/globals';
import { idTimeMs, newId } from '@tollgate/core/internal';
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

    it('is charged its floor as far as it is held: of what was granted, where less was granted than asked', async () => {
      const { store, advance } = given();
      const tenant = new QuotaTenant(store);
      const spend = quotaCounter(tenant.key('day'), 100);
      admitted(await tenant.reserve([{ ...spend, want: 45 }]));
      const [id, attemptId] = [newId(), newId()];
      const asked = { ...spend, want: 80, min: 10, floor: 80 };
      expect(admitted(await tenant.reserve([asked], { id, attemptId, leaseMs })).grants).toMatchObject([
        { granted: 55 },
      ]);
      await advance(leaseMs);
      expect(await tenant.standing(spend)).toMatchObject({ used: 55 });
    });

    it('is charged the floors of all its attempts up to what it holds, beyond what heartbeats have said', async () => {
      const { store, advance } = given();
      for (const [running, used] of [
        [[], 60],
        [[50], 60],
        [[20, 10], 30],
        [[70, 5], 75],
      ] as const) {
        const tenant = new QuotaTenant(store);
        const spend = quotaCounter(tenant.key('day'), 100);
        const [id, ...attempts] = [newId(), newId(), newId()];
        const asked = { ...spend, want: 60, floor: 60 };
        const { grants } = admitted(await tenant.reserve([asked], { id, attemptId: attempts[0], leaseMs }));
        admitted(await tenant.cover(id, attempts[1] as string, [{ ...spend, want: 0, floor: 40 }]));
        const windowId = grants[0]?.window ?? '';
        const beats = running.map((amount, index) => ({
          attemptId: attempts[index] as string,
          items: [{ counter: spend.counter, windowId, amount }],
          event: usageEvent({ eventId: attempts[index] as string }),
        }));
        await tenant.renew(id, beats);
        await advance(leaseMs);
        expect(await tenant.standing(spend)).toEqual({ used, held: 0 });
      }
    });

    it('writes what it is charged beyond the figures of its event as unresolved, and what comes to be known corrects both', async () => {
      const { store, advance, events } = given();
      for (const [known, left] of [
        [30, 0],
        [80, 0],
        [80, 55],
        [95, 0],
      ] as const) {
        const tenant = new QuotaTenant(store);
        const spend = quotaCounter(`usd/day/${tenant.key('day')}`, 100);
        const tokens = quotaCounter(`tokens/day/${tenant.key('day')}`, 500, { unit: 'tokens' });
        const [id, attemptId] = [newId(), newId()];
        const figures = { costNanoUsd: '20', inputTokens: 30, outputTokens: 0 };
        const skeleton = { eventId: attemptId, uncertain: true, ...figures };
        const charges = [
          { ...spend, want: 80, floor: 80 },
          { ...tokens, want: 90, floor: 90 },
        ];
        const alternatives = [{ charges, event: usageEvent({ ...skeleton, unresolvedNanoUsd: '60' }) }];
        const { grants } = admitted(await tenant.reserve([], { id, attemptId, alternatives, leaseMs }));
        await advance(leaseMs);
        const window = grants[0]?.window ?? '';
        expect(await tenant.standing(spend)).toEqual({ used: 80, held: 0 });
        const own = async () =>
          (await events()).filter(({ eventId, adjusts }) => (adjusts ?? eventId) === attemptId);
        expect(await own()).toMatchObject([
          {
            uncertain: true,
            costNanoUsd: '20',
            unresolvedNanoUsd: '60',
            charges: [
              { counter: spend.counter, window, amount: 80, unresolved: 60 },
              { counter: tokens.counter, window, amount: 90, unresolved: 60 },
            ],
          },
        ]);
        const truth = usageEvent({
          ...skeleton,
          costNanoUsd: String(known - left),
          unresolvedNanoUsd: String(left),
          charges: [
            { counter: spend.counter, window, amount: known, unresolved: left },
            { counter: tokens.counter, window, amount: 40 },
          ],
        });
        const items = [itemFor(spend, grants[0], known), itemFor(tokens, grants[1], 40)];
        await tenant.charge(id, items, { attemptId, event: truth, close: true });
        expect(await tenant.standing(spend)).toEqual({ used: known, held: 0 });
        const both = await own();
        const sum = (counter: string, of: 'amount' | 'unresolved') =>
          both
            .flatMap((event) => event.charges)
            .reduce((all, charge) => all + (charge.counter === counter ? (charge[of] ?? 0) : 0), 0);
        expect([sum(spend.counter, 'amount'), sum(spend.counter, 'unresolved')]).toEqual([known, left]);
        expect([sum(tokens.counter, 'amount'), sum(tokens.counter, 'unresolved')]).toEqual([40, 0]);
        const total = (of: 'costNanoUsd' | 'unresolvedNanoUsd') =>
          both.reduce((all, event) => all + Number(event[of]), 0);
        expect([total('costNanoUsd'), total('unresolvedNanoUsd')]).toEqual([known - left, left]);
      }
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
