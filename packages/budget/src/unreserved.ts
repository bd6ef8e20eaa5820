import { calendarSpan, type QuotaCharge, type QuotaGrant } from '@tollgate/core/internal';

/**
 * The grants under which a request is charged later that could not be reserved: nothing is held, and the calendar windows are those of this
 * process's clock. Buckets are left out: only the store has their level.
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
