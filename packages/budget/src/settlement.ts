import type { ChargeRequest, CloseRequest } from '@tollgate/core/internal';

/** An operation that must reach the store sooner or later. Repeating it has no further effect. */
export type Settlement =
  | { readonly kind: 'charge'; readonly request: ChargeRequest }
  /** Releases a reservation's holds; its lease does so too, later. */
  | { readonly kind: 'close'; readonly request: CloseRequest };
