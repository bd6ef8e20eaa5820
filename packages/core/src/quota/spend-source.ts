/** One window of a counter: its key and the window's id, as the `charges` of usage events name them. */
export interface CounterWindow {
  readonly counter: string;
  readonly window: string;
}

/** Charges of settled attempts to a window, corrections included, in the counter's unit. */
export interface WindowSpend extends CounterWindow {
  readonly amount: number;
}

/** A source of earlier spend, so that counters can be rebuilt after they were lost: a ledger. Rejects while it has no answer. */
export interface SpendSource {
  /** The spend of these windows, in their order; 0 where there is none. */
  spentIn(windows: readonly CounterWindow[]): Promise<readonly number[]>;
  /** The spend of every calendar window that may still be open; windows that are over may be among them. */
  openWindows(): Promise<readonly WindowSpend[]>;
  /** Resolves when everything that this process gave it so far is counted. Absent: it is as soon as it has taken it. */
  caughtUp?(): Promise<void>;
}
