/** Something to be done later about an incident, e.g. telling one receiver of it. What `text` says is the alerts' own affair. */
export interface AlertWork {
  /** Unlike any other; putting the same one twice is putting it once. No line breaks. */
  readonly id: string;
  readonly text: string;
  /** How long from now it is due, in ms, 0 or more. */
  readonly delayMs: number;
  /** Another piece that must be done first. */
  readonly after?: string | undefined;
}

/** A piece of work that is due, leased to whoever took it. */
export interface DueAlertWork {
  readonly id: string;
  readonly text: string;
  /** How often it was taken, this time included. */
  readonly tries: number;
}

/** Where incidents are kept and what is still to be told of them, for all processes. Every method rejects while it is away. */
export interface AlertStore {
  /** What is kept under a key. */
  read(key: string): Promise<string | undefined>;
  /**
   * Keeps `after` for `keepMs` and puts the work, both or neither. `changed`: what was kept is not `before`; `full`: too much work
   * waits already. Neither has any effect.
   */
  replace(
    key: string,
    before: string | undefined,
    after: string,
    keepMs: number,
    work: readonly AlertWork[],
  ): Promise<'written' | 'changed' | 'full'>;
  /** Takes what is due, nobody else gets it for `leaseMs`; whoever dies with it loses it to the next who asks after that. */
  take(atMost: number, leaseMs: number): Promise<readonly DueAlertWork[]>;
  /** It is done and forgotten. */
  done(id: string): Promise<void>;
  /** It is due again in so many ms. Nothing where it was done meanwhile. */
  later(id: string, delayMs: number): Promise<void>;
}
