import { idTimeMs } from '@tollgate/core/internal';

/** No window of a limit is longer: a month of 31 days, in any time zone. In ms. */
export const longestWindowMs = 32 * 86_400_000;

/** A month in UTC, `2026-11`, and the event ids that fall into it: `[from, below)`. */
export interface LedgerMonth {
  readonly month: string;
  readonly from: string;
  readonly below: string;
}

/** The month of an event. Its id must be a UUIDv7. */
export function monthOf(eventId: string): LedgerMonth {
  const at = new Date(idTimeMs(eventId) ?? Number.NaN);
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
  return {
    month: at.toISOString().slice(0, -17),
    from: lowestId(Date.UTC(year, month)),
    below: lowestId(Date.UTC(year, month + 1)),
  };
}

/** An id below every UUIDv7 of that millisecond or later, above every earlier one: a time as a bound of event ids. */
export function lowestId(timeMs: number): string {
  const digits = Math.max(0, Math.floor(timeMs)).toString(16).padStart(12, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}-0000-0000-000000000000`;
}
