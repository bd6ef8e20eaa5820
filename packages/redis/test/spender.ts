import type { QuotaStore } from '@tollgate/core';
import { newId, type QuotaCounter, type QuotaGrant } from '@tollgate/core/internal';
import { usageOf } from './spending.js';

/** What a spender is asked to hold, and for how long. */
export interface Asked {
  readonly want: number;
  readonly leaseMs?: number;
}

/** A reservation that was admitted. */
export interface Admitted {
  readonly id: string;
  readonly attemptId: string;
  readonly grants: readonly QuotaGrant[];
  readonly want: number;
}

/** Spends as `budget()` does: reserves, and charges with a usage event that says what was charged. */
export class Spender {
  constructor(
    readonly store: QuotaStore,
    readonly counters: readonly QuotaCounter[],
    readonly tenant = 'acme',
  ) {}

  /** `undefined`: refused. Rejects where the store fails. */
  async reserve({ want, leaseMs = 60_000 }: Asked): Promise<Admitted | undefined> {
    const [id, attemptId] = [newId(), newId()];
    const charges = this.counters.map((counter) => ({ ...counter, want, floor: want }));
    const event = usageOf(attemptId, want);
    const result = await this.store.reserve({
      id,
      partition: this.tenant,
      attemptId,
      leaseMs,
      alternatives: [{ charges, event }],
    });
    return result.ok ? { id, attemptId, grants: result.grants, want } : undefined;
  }

  async charge({ id, attemptId, grants, want }: Admitted, amount = want): Promise<void> {
    const items = this.counters.map((counter, at) => ({
      ...counter,
      windowId: grants[at]?.window ?? '',
      amount: counter.unit === 'concurrent' ? 0 : amount,
      release: want,
    }));
    const charges = items
      .filter((item) => item.amount > 0)
      .map(({ counter, windowId: window }) => ({ counter, window, amount }));
    const event = { ...usageOf(attemptId, amount), tenant: this.tenant, charges };
    await this.store.charge({ id, partition: this.tenant, attemptId, items, event, close: true });
  }

  async standing(): Promise<{ used: number; held: number }[]> {
    const states = await this.store.read(this.tenant, this.counters);
    return states.map(({ used, held }) => ({ used, held }));
  }
}

/** Tries again, as budget's queue does, until it is done or the time is over. */
export async function untilDone<Result>(work: () => Promise<Result>, withinMs = 10_000): Promise<Result> {
  const start = performance.now();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() - start > withinMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
