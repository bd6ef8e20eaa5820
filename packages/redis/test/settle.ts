import type { QuotaStore } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
import { admitted, itemFor, QuotaTenant, quotaCounter } from '@tollgate/testkit/contracts';

/** Reserves and settles so many requests of several tenants; the ids of their events. */
export async function settle(store: QuotaStore, requests: number): Promise<string[]> {
  return Promise.all(
    Array.from({ length: requests }, async () => {
      const tenant = new QuotaTenant(store);
      const spend = quotaCounter(tenant.key('day'), 100);
      const [id, attemptId] = [newId(), newId()];
      const { grants } = admitted(await tenant.reserve([{ ...spend, want: 10 }], { id, attemptId }));
      await tenant.charge(id, [itemFor(spend, grants[0], 7)], { attemptId, close: true });
      return attemptId;
    }),
  );
}
