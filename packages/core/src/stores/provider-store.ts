/** What providers limit: requests, all tokens, or those of the input and the output apart. */
export const providerUnits = ['requests', 'tokens', 'inputTokens', 'outputTokens'] as const;
export type ProviderUnit = (typeof providerUnits)[number];

/** Amounts by unit, 0 or more. */
export type ProviderAmounts = { readonly [Name in ProviderUnit]?: number };

/** One limit of a provider, as an answer states it. */
export interface StatedLimit {
  readonly unit: ProviderUnit;
  /** All of it; absent where only what is left is stated. */
  readonly limit?: number | undefined;
  /** What is left, 0 or more. */
  readonly remaining: number;
  /** Until all of it is there again, in ms; absent where it is not stated. */
  readonly resetMs?: number | undefined;
}

/** A call that is to be made. */
export interface WaitingCall {
  /** Tenants take turns. */
  readonly tenant: string;
  /** What it takes of the provider's limits, as far as is known beforehand. */
  readonly size: ProviderAmounts;
}

/** Where a call stands in the books: handed back with what its answer states. */
export interface Taken {
  /** When it was taken, by the store's clock, in ms. */
  readonly atMs: number;
  /** All that had been taken by then, itself included, by unit. */
  readonly totals: ProviderAmounts;
  /** What it took. */
  readonly size: ProviderAmounts;
}

/** What asking for calls' turns came to. */
export interface TakeAnswer {
  /** By the position of the calls: `undefined` where it is not its turn, or there is no room for it. */
  readonly taken: readonly (Taken | undefined)[];
  /** When it is worth asking again for those that wait, in ms; 0: all may go. */
  readonly waitMs: number;
}

/** What an answer says about its provider's limits. */
export interface Statement {
  readonly limits: readonly StatedLimit[];
  /** The call's place, as {@link ProviderStore.take} gave it. */
  readonly taken?: Taken | undefined;
  /** Nothing is to be sent for so many ms (429). */
  readonly restMs?: number | undefined;
}

/** A circuit breaker that is open. */
export interface OpenBreaker {
  readonly id: string;
  /** Until a call may try, in ms; 0: now. */
  readonly waitMs: number;
}

/**
 * What is known of providers, for one process or for several: what their limits leave, by allowance (one key, one model, at one
 * provider), and which circuit breakers are open. Methods of shared stores reject while they are away.
 */
export interface ProviderStore {
  /** Takes what the calls need whose turn it is, in the fair order of all tenants that wait anywhere. At most 64 calls at once. */
  take(allowance: string, calls: readonly WaitingCall[]): TakeAnswer | Promise<TakeAnswer>;
  /** An answer has begun. */
  state(allowance: string, statement: Statement): void | Promise<void>;
  /** A call that had been given its turn was not sent. */
  giveBack(allowance: string, taken: Taken): void | Promise<void>;
  /** Opens a breaker for so many ms. */
  openBreaker(id: string, forMs: number): void | Promise<void>;
  closeBreaker(id: string): void | Promise<void>;
  /** Whether this process may send the one call that tries an open breaker; nobody else may for `forMs`. */
  tryBreaker(id: string, forMs: number): boolean | Promise<boolean>;
  /** All breakers that are open, those included whose time has come and that nobody has closed. */
  openBreakers(): readonly OpenBreaker[] | Promise<readonly OpenBreaker[]>;
}
