import type { QuotaStore, UsageEvent } from '@tollgate/core';
import { type Database, resolve } from '@tollgate/postgres';

const whatever = Number.MAX_SAFE_INTEGER;

/**
 * Settles attempts by the ledger that were reaped so long ago that the store has forgotten them: the difference to the ledger's figures is
 * written there and corrects counters of open windows. `false`: the ledger has no row of the attempt. Rejects where it is away.
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
