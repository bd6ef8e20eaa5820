/** What a process that calls a provider is told, for tests. */
export interface PacedSettings {
  /** Absent: this process paces by what it knows itself. */
  readonly redisUrl?: string;
  /** `false`: calls are sent as they come. */
  readonly paced: boolean;
  readonly baseUrl: string;
  /** Calls at a time, of a tenant that always has more. */
  readonly workers: number;
  /** Whether a second tenant makes a call now and then. */
  readonly quiet: boolean;
  /** For how long new calls are made, in ms. */
  readonly forMs: number;
}

/** What came of it. */
export interface PacedOutcome {
  readonly answered: number;
  /** 429 by the provider. */
  readonly refused: number;
  /** What the calls of the quiet tenant took, and the others, in ms, rising. */
  readonly quietMs: readonly number[];
  readonly busyMs: readonly number[];
}
