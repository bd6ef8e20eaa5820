/** A lease in the store on a part of a counter. Moments are of this process's monotonic clock. */
export interface SliceGrant {
  readonly id: string;
  /** The amount that the store holds for it. */
  left: number;
  /** Of a token bucket: not yet admitted. */
  unadmitted: number;
  /** How often it was flushed: part of the id of the attempt that holds the remainder. */
  turns: number;
  /** When the store may reap it: the rest of it counts as spent from then on. */
  expiresAtMs: number;
  /** The store keeps it for two more leases, and accepts its real usage until then. */
  readonly leaseMs: number;
  /** Until when further requests may be admitted to it. */
  readonly freshUntilMs: number;
}

/** The attempts that hold the remainder of a grant: before and after the next flush. */
export interface GrantPart {
  readonly id: string;
  readonly attemptId: string;
  readonly nextAttemptId: string;
}

/** Content of a flush of a grant: `amount` was used, `release` (which includes it) is no longer held, `left` stays held. */
export interface GrantOrder {
  readonly part: GrantPart;
  readonly amount: number;
  readonly release: number;
  readonly left: number;
}

/** Id of the attempt that holds the remainder of a grant after this number of flushes. */
const remainderAttempt = (id: string, turns: number): string => (turns === 0 ? id : `${id}~${turns}`);

export function partOf({ id, turns }: SliceGrant): GrantPart {
  return {
    id,
    attemptId: remainderAttempt(id, turns),
    nextAttemptId: remainderAttempt(id, turns + 1),
  };
}
