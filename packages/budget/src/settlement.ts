import type { ChargeRequest, CloseRequest } from '@tollgate/core/internal';

/** What must reach the store sooner or later. Repeating it changes nothing. */
export type Settlement =
  | { readonly kind: 'charge'; readonly request: ChargeRequest }
  /** Gives back what a reservation holds; its lease does so too, later. */
  | { readonly kind: 'close'; readonly request: CloseRequest };
