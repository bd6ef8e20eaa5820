/** One window of a counter: its key and the window's id, as the `charges` of usage events name them. */
export interface CounterWindow {
  readonly counter: string;
  readonly window: string;
}

/** Charges of settled attempts to a window, corrections included, in the counter's unit. */
export interface WindowSpend extends CounterWindow {
  readonly amount: number;
}

/** The calls of a scope that were admitted within a time. */
export interface ScopeSpan {
  readonly unit: 'usd' | 'tokens' | 'inputTokens' | 'outputTokens';
  /** Scopes that a call must have, as a counter's key names them; a call without a user (key) has its key (user) there. None: every call. */
  readonly scope: Readonly<Partial<Record<'tenant' | 'team' | 'user' | 'key' | 'route' | 'model', string>>>;
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  /** Exclusive. */
  readonly endMs: number;
}

/** A source of earlier spend, so that counters can be rebuilt after they were lost: a ledger. Rejects while it has no answer. */
export interface SpendSource {
  /** The spend of these windows, in their order; 0 where there is none. */
  spentIn(windows: readonly CounterWindow[]): Promise<readonly number[]>;
  /** The spend of every calendar window that may still be open; windows that are over may be among them. */
  openWindows(): Promise<readonly WindowSpend[]>;
  /** Resolves when everything that this process gave it so far is counted. Absent: it is as soon as it has taken it. */
  caughtUp?(): Promise<void>;
  /**
   * Registers limit definitions, see `definitionOf`. Resolves with the time at which each was first registered, in their order, in ms since
   * the epoch, or 0 where nothing was spent by then. Absent, or without `spentBy`: a new limit's counters begin at 0.
   */
  definedAt?(definitions: readonly string[]): Promise<readonly number[]>;
  /**
   * The usage of these scopes, in their order and units, by all events known here, whichever counters they were charged to. Where the end
   * of a call is unknown, the amount that counters were charged.
   */
  spentBy?(spans: readonly ScopeSpan[]): Promise<readonly number[]>;
}
