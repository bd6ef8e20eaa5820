import { calendarSpan, type QuotaCharge, type QuotaGrant } from '@tollgate/core/internal';

/**
 * Where a request that could not be reserved is charged later: nothing is held, and the calendar windows are those of our own
 * clock. Buckets are left out: only the store knows how full they are.
 */
export function unreservedGrants(
  charges: readonly QuotaCharge[],
  nowMs: number,
): { charges: QuotaCharge[]; grants: QuotaGrant[] } {
  const known = charges.flatMap((charge) => {
    const { counter, window } = charge;
    if (window.kind !== 'calendar') return [];
    return [{ charge, grant: { counter, window: calendarSpan(window, nowMs).id, granted: 0 } }];
  });
  return { charges: known.map(({ charge }) => charge), grants: known.map(({ grant }) => grant) };
}
