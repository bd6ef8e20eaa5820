import { describe, expect, it } from '@jest/globals';
import type { QuotaStore } from '@tollgate/core';
import { type AdjustRequest, newId } from '@tollgate/core/internal';
import type { Given } from './quota-contract.js';
import { admitted, bucketCounter, calendar, itemFor, QuotaTenant, quotaCounter } from './quota-fixture.js';

type Adjustment = Omit<AdjustRequest, 'recorded'> & { readonly recorded?: () => Promise<boolean> };

const isNew = (): Promise<boolean> => Promise.resolve(true);

async function adjust(store: QuotaStore, request: Adjustment): Promise<boolean | undefined> {
  return store.adjust?.({ recorded: isNew, ...request });
}

/** Corrects charges by an adjustment in the ledger. */
export function quotaAdjustmentContract(given: Given): void {
  describe('an adjustment', () => {
    const charged = async (amount: number) => {
      const { store } = given();
      const tenant = new QuotaTenant(store);
      const spend = quotaCounter(`usd/${tenant.key('day')}`, 100);
      const id = newId();
      const { grants } = admitted(await tenant.reserve([{ ...spend, want: amount }], { id }));
      await tenant.charge(id, [itemFor(spend, grants[0], amount)], { close: true });
      const window = grants[0]?.window ?? '';
      return { store, tenant, spend, of: (by: number) => [{ counter: spend.counter, window, amount: by }] };
    };

    it('lowers an open window, once for each id, and lets in what fits then', async () => {
      const { store, tenant, spend, of } = await charged(90);
      expect((await tenant.reserve([{ ...spend, want: 50 }])).ok).toBe(false);
      const request = { id: newId(), partition: tenant.name, charges: of(-60) };
      for (let times = 0; times < 3; times += 1) expect(await adjust(store, request)).toBe(true);
      expect(await tenant.standing(spend)).toEqual({ used: 30, held: 0 });
      expect((await tenant.reserve([{ ...spend, want: 50 }])).ok).toBe(true);
    });

    it('raises it where more was used', async () => {
      const { store, tenant, spend, of } = await charged(90);
      await adjust(store, { id: newId(), partition: tenant.name, charges: of(25) });
      expect(await tenant.standing(spend)).toEqual({ used: 115, held: 0 });
    });

    it('never lowers below 0', async () => {
      const { store, tenant, spend, of } = await charged(20);
      await adjust(store, { id: newId(), partition: tenant.name, charges: of(-70) });
      expect(await tenant.standing(spend)).toEqual({ used: 0, held: 0 });
    });

    it('changes nothing where the ledger had it before, or could not write it', async () => {
      const { store, tenant, spend, of } = await charged(20);
      const request = { id: newId(), partition: tenant.name, charges: of(-20) };
      expect(await adjust(store, { ...request, recorded: () => Promise.resolve(false) })).toBe(false);
      const failed = adjust(store, { ...request, recorded: () => Promise.reject(new Error('away')) });
      await expect(failed).rejects.toThrow('away');
      expect(await tenant.standing(spend)).toEqual({ used: 20, held: 0 });
    });

    it('leaves windows that are over, and buckets', async () => {
      const { store, advance, now } = given();
      const tenant = new QuotaTenant(store);
      const minute = quotaCounter(`usd/${tenant.key('minute')}`, 100, { window: calendar('minute') });
      const bucket = bucketCounter(`tokens/${tenant.key('1000ms')}`, {
        rate: 1,
        periodMs: 3_600_000,
        burst: 50,
      });
      const id = newId();
      const asked = [
        { ...minute, want: 40 },
        { ...bucket, want: 40 },
      ];
      const { grants } = admitted(await tenant.reserve(asked, { id, leaseMs: 3_600_000 }));
      const items = [itemFor(minute, grants[0], 40), itemFor(bucket, grants[1], 40)];
      await tenant.charge(id, items, { close: true });
      await advance(60_000 - (now() % 60_000));
      const charges = grants.map(({ counter, window }) => ({ counter, window, amount: -40 }));
      await adjust(store, { id: newId(), partition: tenant.name, charges });
      expect(await tenant.standing(minute)).toEqual({ used: 0, held: 0 });
      expect((await tenant.standing(bucket)).used).toBe(40);
    });

    it('reaches a counter that is wider than a tenant', async () => {
      const { store } = given();
      const tenant = new QuotaTenant(store);
      const all = quotaCounter(`usd/day/global=/${tenant.name}`, 1_000, { wide: true });
      const id = newId();
      const { grants } = admitted(await tenant.reserve([{ ...all, want: 300 }], { id }));
      await tenant.charge(id, [itemFor(all, grants[0], 300)], { close: true });
      const window = grants[0]?.window ?? '';
      const charges = [{ counter: all.counter, window, amount: -250 }];
      await adjust(store, { id: newId(), partition: tenant.name, charges });
      const { used, held } = await tenant.standing(all);
      // A process may hold a slice of it, in which the charge still counts.
      expect(used + held).toBeGreaterThanOrEqual(50);
      expect(used).toBeLessThanOrEqual(300);
    });
  });
}
