import { describe, expect, it } from '@jest/globals';
import { newId } from '@tollgate/core/internal';
import type { Given } from './quota-contract.js';
import {
  admitted,
  calendar,
  itemFor,
  liveCounter,
  QuotaTenant,
  quotaCounter,
  refusal,
} from './quota-fixture.js';

export function quotaAttemptContract(given: Given): void {
  describe('for a reservation that goes on', () => {
    it('counts an attempt that needs no more in the window that admitted it, any other in the present one', async () => {
      const { store, now, advance } = given();
      const tenant = new QuotaTenant(store);
      const spend = quotaCounter(tenant.key('minute'), 100, { window: calendar('minute') });
      const id = newId();
      const { grants } = admitted(await tenant.reserve([{ ...spend, want: 60 }], { id, leaseMs: 600_000 }));
      await advance(60_000 - (now() % 60_000));
      const within = admitted(await tenant.cover(id, newId(), [{ ...spend, want: 0 }]));
      expect(within.grants).toEqual([{ ...grants[0], granted: 0 }]);
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 0 });
      const more = admitted(await tenant.cover(id, newId(), [{ ...spend, want: 5 }]));
      expect(more.grants[0]?.window).not.toBe(grants[0]?.window);
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 5 });
    });

    it('counts what it asks anew in the present window, even where that is nothing', async () => {
      const { store, now, advance } = given();
      const tenant = new QuotaTenant(store);
      const spend = quotaCounter(tenant.key('minute'), 100, { window: calendar('minute') });
      const id = newId();
      const { grants } = admitted(await tenant.reserve([{ ...spend, want: 60 }], { id, leaseMs: 600_000 }));
      await advance(60_000 - (now() % 60_000));
      const extended = admitted(await tenant.extend(id, [{ ...spend, want: 0 }]));
      expect(extended.grants[0]?.window).not.toBe(grants[0]?.window);
    });

    it('registers an attempt within what is held, also once the cap is used up', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const [id, other] = [newId(), newId()];
      admitted(await tenant.reserve([{ ...spend, want: 40 }], { id }));
      const { grants } = admitted(await tenant.reserve([{ ...spend, want: 60 }], { id: other }));
      await tenant.charge(other, [itemFor(spend, grants[0], 130)], { close: true });
      admitted(await tenant.cover(id, newId(), [{ ...spend, want: 0 }]));
      expect(refusal(await tenant.cover(id, newId(), [{ ...spend, want: 1 }])).blockedBy).toBe('used');
    });

    it('sees what it asks of one counter twice in one step', async () => {
      const tenant = new QuotaTenant(given().store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const sixty = { ...spend, want: 60 };
      expect((await tenant.reserve([sixty, sixty])).ok).toBe(false);
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 0 });
      admitted(await tenant.reserve([sixty, { ...spend, want: 40 }]));
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 100 });
    });

    it('counts what it asks later to the attempt that it declared, while that runs', async () => {
      const { store, advance } = given();
      for (const charged of [false, true]) {
        const tenant = new QuotaTenant(store);
        const spend = quotaCounter(tenant.key('day'), 100);
        const [id, attemptId] = [newId(), newId()];
        const first = [{ ...spend, want: 30, floor: 20 }];
        const { grants } = admitted(await tenant.reserve(first, { id, attemptId, leaseMs: 5000 }));
        if (charged) await tenant.charge(id, [itemFor(spend, grants[0], 7)], { attemptId });
        admitted(await tenant.extend(id, [{ ...spend, want: 10, floor: 5 }]));
        expect(await tenant.renew(id)).toBe(true);
        await advance(5000);
        expect(await tenant.standing(spend)).toEqual({ used: charged ? 7 : 25, held: 0 });
      }
    });

    it('goes by the floors that an attempt was covered with last', async () => {
      const { store, advance } = given();
      const tenant = new QuotaTenant(store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const [id, attemptId] = [newId(), newId()];
      admitted(await tenant.reserve([{ ...spend, want: 30, floor: 20 }], { id, attemptId, leaseMs: 5000 }));
      admitted(await tenant.cover(id, attemptId, [{ ...spend, want: 0, floor: 6 }]));
      await advance(5000);
      expect(await tenant.standing(spend)).toEqual({ used: 6, held: 0 });
    });

    it('takes only the very same question for a repetition', async () => {
      const tenant = new QuotaTenant(given().store);
      const [day, hour] = [quotaCounter(tenant.key('day'), 100), quotaCounter(tenant.key('hour'), 100)];
      const id = newId();
      admitted(await tenant.reserve([], { id }));
      const ten = { ...day, want: 10 };
      const questions = [[ten], [ten, { ...hour, want: 1 }], [{ ...ten, want: 11 }], [{ ...ten, limit: 90 }]];
      for (const question of [...questions, [{ ...hour, want: 10 }], ...questions]) {
        admitted(await tenant.extend(id, question));
      }
      expect(await tenant.standing(day)).toEqual({ used: 0, held: 41 });
      expect(await tenant.standing(hour)).toEqual({ used: 0, held: 11 });
    });

    it('counts a live lease as one, whatever it asks, also when it asks later', async () => {
      const tenant = new QuotaTenant(given().store);
      const live = liveCounter(tenant.key('live'), 2);
      const id = newId();
      admitted(await tenant.reserve([{ ...live, want: 2 }]));
      admitted(await tenant.reserve([], { id }));
      const one = { ...live, want: 1 };
      for (const asked of [[one], [one, one]]) admitted(await tenant.extend(id, asked));
      expect(await tenant.standing(live)).toEqual({ used: 0, held: 2 });
      admitted(await tenant.reserve([{ ...live, want: 0 }]));
      expect(await tenant.standing(live)).toEqual({ used: 0, held: 2 });
    });
  });
}
