/** Why the store did not carry out an operation. */
export type StoreFault =
  /** No answer within the deadline. */
  | 'deadline'
  /** It has failed so often that calls to it are paused. */
  | 'breaker'
  /** The connection is away, or broke off. */
  | 'connection'
  /** It answered with an error, e.g. LOADING, READONLY, CLUSTERDOWN, OOM. */
  | 'answer'
  /** Its clock and the windows it was given do not agree. */
  | 'clock'
  /** It was set up with another number of partitions. */
  | 'partitions'
  /** Its counters were lost, and are being rebuilt from the ledger. */
  | 'rebuilding';

export interface StoreUnavailableFacts {
  readonly fault: StoreFault;
  readonly operation: string;
  /** The operation may have taken effect all the same. It is never counted as admitted. */
  readonly mayHaveRun: boolean;
  readonly detail?: string | undefined;
  readonly cause?: unknown;
}

/** The store failed; this does not depend on limits. Its facts are readable; its message names no key. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  readonly fault: StoreFault;
  readonly operation: string;
  readonly mayHaveRun: boolean;

  constructor({ fault, operation, mayHaveRun, detail, cause }: StoreUnavailableFacts) {
    const told = detail === undefined ? '' : `: ${detail}`;
    super(`the store on Redis did not do "${operation}" (${fault})${told}`, { cause });
    this.fault = fault;
    this.operation = operation;
    this.mayHaveRun = mayHaveRun;
  }
}
