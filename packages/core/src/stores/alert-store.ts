/** A task about an incident to be done later, e.g. one notification. The content of `text` is private to the alerts. */
export interface AlertWork {
  /** Unlike any other; putting the same one twice is putting it once. No line breaks. */
  readonly id: string;
  readonly text: string;
  /** How long from now it is due, in ms, 0 or more. */
  readonly delayMs: number;
  /** Another piece that must be done first. */
  readonly after?: string | undefined;
}

/** A due task, leased to one process. */
export interface DueAlertWork {
  readonly id: string;
  readonly text: string;
  /** How often it was taken, this time included. */
  readonly tries: number;
}

/** Stores incidents and pending notifications for all processes. Every method rejects while the store is away. */
export interface AlertStore {
  /** The value of a key. */
  read(key: string): Promise<string | undefined>;
  /**
   * Stores `after` for `keepMs` and adds the tasks, both or neither. `changed`: the stored value is not `before`; `full`: too many tasks
   * are waiting. Neither has any effect.
   */
  replace(
    key: string,
    before: string | undefined,
    after: string,
    keepMs: number,
    work: readonly AlertWork[],
  ): Promise<'written' | 'changed' | 'full'>;
  /** Takes due tasks, leased for `leaseMs`; a process that dies with one loses it to the next process that asks after that. */
  take(atMost: number, leaseMs: number): Promise<readonly DueAlertWork[]>;
  /** It is done and forgotten. */
  done(id: string): Promise<void>;
  /** Makes it due again in this many ms. Does nothing where it was done meanwhile. */
  later(id: string, delayMs: number): Promise<void>;
}
