/** The units of provider limits: requests, all tokens, or input and output tokens separately. */
export const providerUnits = ['requests', 'tokens', 'inputTokens', 'outputTokens'] as const;
export type ProviderUnit = (typeof providerUnits)[number];

/** Amounts by unit, 0 or more. */
export type ProviderAmounts = { readonly [Name in ProviderUnit]?: number };

/** One limit of a provider, as an answer states it. */
export interface StatedLimit {
  readonly unit: ProviderUnit;
  /** The whole limit; absent where only the remaining amount is stated. */
  readonly limit?: number | undefined;
  /** The remaining amount, 0 or more. */
  readonly remaining: number;
  /** Until all of it is there again, in ms; absent where it is not stated. */
  readonly resetMs?: number | undefined;
}

/** A call that is to be made. */
export interface WaitingCall {
  /** Tenants take turns. */
  readonly tenant: string;
  /** The call's amounts of the provider's limits, as far as they are known in advance. */
  readonly size: ProviderAmounts;
}

/** A call's entry: returned with the amounts stated in its response. */
export interface Taken {
  /** When it was taken, by the store's clock, in ms. */
  readonly atMs: number;
  /** All that had been taken by then, itself included, by unit. */
  readonly totals: ProviderAmounts;
  /** Its amounts. */
  readonly size: ProviderAmounts;
}

/** The result of requests for calls' turns. */
export interface TakeAnswer {
  /** By the position of the calls: `undefined` where it is not its turn, or there is no room for it. */
  readonly taken: readonly (Taken | undefined)[];
  /** When waiting calls should ask again, in ms; 0: all may be sent. */
  readonly waitMs: number;
}

/** A response's statement of its provider's limits. */
export interface Statement {
  readonly limits: readonly StatedLimit[];
  /** The call's place, as {@link ProviderStore.take} gave it. */
  readonly taken?: Taken | undefined;
  /** Nothing may be sent for this many ms (429). */
  readonly restMs?: number | undefined;
}

/** A circuit breaker that is open. */
export interface OpenBreaker {
  readonly id: string;
  /** Until a call may try, in ms; 0: now. */
  readonly waitMs: number;
}

/**
 * State of providers, for one process or for several: the remaining amounts of their limits, by allowance (one key, one model, at one
 * provider), and the open circuit breakers. Methods of shared stores reject while they are away.
 */
export interface ProviderStore {
  /** Takes the amounts of the calls whose turn it is, in the fair order of all tenants that wait in any process. At most 64 calls at once. */
  take(allowance: string, calls: readonly WaitingCall[]): TakeAnswer | Promise<TakeAnswer>;
  /** An answer has begun. */
  state(allowance: string, statement: Statement): void | Promise<void>;
  /** A call that had been given its turn was not sent. */
  giveBack(allowance: string, taken: Taken): void | Promise<void>;
  /** Opens a breaker for this many ms. */
  openBreaker(id: string, forMs: number): void | Promise<void>;
  closeBreaker(id: string): void | Promise<void>;
  /** Whether this process may send the one trial call of an open breaker; no other process may for `forMs`. */
  tryBreaker(id: string, forMs: number): boolean | Promise<boolean>;
  /** All open breakers, including those that are due for a trial and not yet closed. */
  openBreakers(): readonly OpenBreaker[] | Promise<readonly OpenBreaker[]>;
}
