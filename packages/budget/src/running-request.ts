/** A request with a reservation that is not settled yet. */
export interface RunningRequest {
  readonly requestId: string;
  readonly tenant: string;
  readonly team: string | undefined;
  readonly user: string | undefined;
  readonly keyId: string | undefined;
  readonly plan: string;
  readonly route: string | undefined;
  /** Ms since the epoch. */
  readonly startedAtMs: number;
  /** Ids of its reservations in the store. */
  readonly reservations: readonly string[];
  /** Calls that are under way. */
  readonly calls: number;
  /** The most that these calls may cost, or the declared one where none has begun. */
  readonly estimateNanoUsd: number;
  /** What they have cost so far, as far as it is known. */
  readonly costNanoUsd: number;
}
