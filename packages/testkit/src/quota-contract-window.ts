import { describe, expect, it } from '@jest/globals';
import { newId, type QuotaCounter } from '@tollgate/core/internal';
import type { Given } from './quota-contract.js';
import {
  admitted,
  bucketCounter,
  calendar,
  itemFor,
  QuotaTenant,
  quotaCounter,
  refusal,
} from './quota-fixture.js';

export function quotaWindowContract(given: Given): void {
  describe('in a calendar window', () => {
    it('waiting exactly `retryAfterMs` admits, one millisecond less does not', async () => {
      const { store, advance } = given();
      const tenant = new QuotaTenant(store);
      const spend = quotaCounter(tenant.key('hour'), 100, { window: calendar('hour') });
      const id = newId();
      const first = admitted(await tenant.reserve([{ ...spend, want: 100 }], { id }));
      await tenant.charge(id, [itemFor(spend, first.grants[0], 100)], { close: true });
      const { retryAfterMs = 0 } = refusal(await tenant.reserve([{ ...spend, want: 1 }]));
      expect(retryAfterMs).toBeGreaterThan(0);
      await advance(retryAfterMs - 1);
      expect(refusal(await tenant.reserve([{ ...spend, want: 1 }])).retryAfterMs).toBe(1);
      await advance(1);
      admitted(await tenant.reserve([{ ...spend, want: 100 }]));
    });

    it('a charge counts in the window that admitted it, however late it comes', async () => {
      const { store, now, advance } = given();
      const tenant = new QuotaTenant(store);
      const spend = quotaCounter(tenant.key('minute'), 100, { window: calendar('minute') });
      const id = newId();
      const leaseMs = 600_000;
      const first = admitted(await tenant.reserve([{ ...spend, want: 80 }], { id, leaseMs }));
      await advance(60_000 - (now() % 60_000));
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 0 });
      const result = await tenant.charge(id, [itemFor(spend, first.grants[0], 80)], { close: true });
      expect(result.states[0]).toMatchObject({ window: first.grants[0]?.window, used: 80, held: 0 });
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 0 });
      admitted(await tenant.reserve([{ ...spend, want: 100 }]));
    });

    it('windows have an id each and end where they say', async () => {
      const { store, advance } = given();
      const tenant = new QuotaTenant(store);
      const spend = quotaCounter(tenant.key('minute'), 100, { window: calendar('minute') });
      const seen: string[] = [];
      for (let minute = 0; minute < 3; minute += 1) {
        const { states, nowMs } = admitted(await tenant.reserve([{ ...spend, want: 1 }]));
        seen.push(states[0]?.window ?? '');
        await advance((states[0]?.resetsAtMs ?? 0) - nowMs);
      }
      expect(new Set(seen).size).toBe(3);
      expect(seen).toEqual([...seen].sort());
    });
  });

  describe('in a token bucket', () => {
    it('waiting exactly `retryAfterMs` admits, one millisecond less does not', async () => {
      const { store, advance } = given();
      const tenant = new QuotaTenant(store);
      const tokens = bucketCounter(tenant.key('bucket'), { rate: 7, periodMs: 1000, burst: 20 });
      const id = newId();
      const first = admitted(await tenant.reserve([{ ...tokens, want: 20 }], { id }));
      await tenant.charge(id, [itemFor(tokens, first.grants[0], 20)], { close: true });
      const refused = refusal(await tenant.reserve([{ ...tokens, want: 5 }]));
      expect(refused.blockedBy).toBe('used');
      await advance((refused.retryAfterMs ?? 0) - 1);
      expect(refusal(await tenant.reserve([{ ...tokens, want: 5 }])).retryAfterMs).toBe(1);
      await advance(1);
      admitted(await tenant.reserve([{ ...tokens, want: 5 }]));
    });

    it('no more is admitted than burst and refill together', async () => {
      const { store, advance } = given();
      const tenant = new QuotaTenant(store);
      const tokens = bucketCounter(tenant.key('bucket'), { rate: 10, periodMs: 1000, burst: 15 });
      let units = 0;
      for (let step = 0; step < 40; step += 1) {
        const result = await tenant.reserve([{ ...tokens, want: 3 }]);
        if (result.ok) units += 3;
        await advance(100);
      }
      expect(units).toBeLessThanOrEqual(15 + 40);
      expect(units).toBeGreaterThan(15 + 40 - 4);
    });

    it('a hold refills from its admission on, and giving back never fills above the burst', async () => {
      const { store, advance } = given();
      const tenant = new QuotaTenant(store);
      const tokens = bucketCounter(tenant.key('bucket'), { rate: 10, periodMs: 1000, burst: 100 });
      const id = newId();
      admitted(await tenant.reserve([{ ...tokens, want: 100 }], { id }));
      await advance(4000);
      admitted(await tenant.reserve([{ ...tokens, want: 40 }]));
      expect(refusal(await tenant.reserve([{ ...tokens, want: 1 }])).blockedBy).toBe('held');
      await tenant.close(id);
      expect(refusal(await tenant.reserve([{ ...tokens, want: 101 }])).blockedBy).toBe('size');
      admitted(await tenant.reserve([{ ...tokens, want: 100 }]));
      expect(refusal(await tenant.reserve([{ ...tokens, want: 1 }])).blockedBy).toBe('held');
    });

    it('it refills at another rate from the first reservation of a changed plan on', async () => {
      const { store, advance } = given();
      const tenant = new QuotaTenant(store);
      const plan = (rate: number, periodMs: number): QuotaCounter =>
        bucketCounter(tenant.key('bucket'), { rate, periodMs, burst: 20 });
      const id = newId();
      const { grants } = admitted(await tenant.reserve([{ ...plan(1, 1000), want: 15 }], { id }));
      await tenant.charge(id, [itemFor(plan(1, 1000), grants[0], 15)], { close: true });
      const used = [];
      for (const counter of [plan(1, 1000), plan(3, 1000), plan(3, 500)]) {
        const another = newId();
        admitted(await tenant.reserve([{ ...counter, want: 1 }], { id: another }));
        await tenant.close(another);
        await advance(1000);
        used.push((await tenant.standing(counter)).used);
      }
      expect(used).toEqual([14, 11, 5]);
    });

    it('usage beyond what was held drives it into debt, which time pays off', async () => {
      const { store, advance } = given();
      const tenant = new QuotaTenant(store);
      const tokens = bucketCounter(tenant.key('bucket'), { rate: 10, periodMs: 1000, burst: 100 });
      const id = newId();
      const first = admitted(await tenant.reserve([{ ...tokens, want: 50 }], { id }));
      await tenant.charge(id, [itemFor(tokens, first.grants[0], 150)], { close: true });
      expect(await tenant.standing(tokens)).toEqual({ used: 150, held: 0 });
      expect(refusal(await tenant.reserve([{ ...tokens, want: 1 }])).retryAfterMs).toBe(5100);
      await advance(5100);
      admitted(await tenant.reserve([{ ...tokens, want: 1 }]));
    });
  });
}
