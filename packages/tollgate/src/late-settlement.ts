import type { QuotaStore, UsageEvent } from '@tollgate/core';
import { type Database, resolve } from '@tollgate/postgres';

const whatever = Number.MAX_SAFE_INTEGER;

/**
 * Settles, by the ledger, attempts that were reaped so long ago that the store has forgotten them: the difference to what is in the ledger is
 * written there and corrects counters of windows that are open. `false`: the ledger has nothing of the attempt. Rejects where it is away.
 */
export function lateSettlement(
  database: Database,
  store: QuotaStore,
): (event: UsageEvent) => Promise<boolean> {
  return async ({ eventId, inputTokens, outputTokens, costNanoUsd, uncertain }) => {
    // Of an attempt whose end is still unknown nothing is learned that was not charged when it was reaped.
    const learned = uncertain
      ? { atMost: { inputTokens: whatever, outputTokens: whatever, costNanoUsd: whatever } }
      : { actual: { inputTokens, outputTokens, costNanoUsd: Number(costNanoUsd) } };
    try {
      await resolve(database, { eventId, store, ...learned });
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  };
}
