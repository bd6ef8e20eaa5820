import type { ChargeRequest, CloseRequest, SettledCall } from '@tollgate/core/internal';

/** An operation that must reach the store sooner or later. Repeating it has no further effect. */
export type Settlement =
  | { readonly kind: 'charge'; readonly request: ChargeRequest }
  /** Releases a reservation's holds; its lease does so too, later. */
  | { readonly kind: 'close'; readonly request: CloseRequest };

/** A charge that is sent with the next flush of its reservation. */
export interface PendingCharge {
  /** Absent for a request that made no call. */
  readonly call: SettledCall | undefined;
  /** `close` is known when it is sent. */
  readonly request: Omit<ChargeRequest, 'close'> & { close: boolean };
}
