/** A lease in the store on a part of a counter. Moments are of this process's own clock, which never goes back. */
export interface SliceGrant {
  readonly id: string;
  /** What the store holds for it. */
  left: number;
  /** Of a token bucket: admitted to nobody yet. */
  unadmitted: number;
  /** How often the store has been told about it: names the attempt that stands for all that is left. */
  turns: number;
  /** When the store may take it for dead: what was left of it counts as spent from then on. */
  expiresAtMs: number;
  /** The store remembers it for two leases more, and can be told what was really used. */
  readonly leaseMs: number;
  /** Until when further requests may be admitted to it. */
  readonly freshUntilMs: number;
}

/** The attempts that stand for what is left of a grant: until the store is told something of it, and from then on. */
export interface PortionPart {
  readonly id: string;
  readonly attemptId: string;
  readonly nextAttemptId: string;
}

/** Something to tell the store of a grant: `amount` was used, `release` (which that is a part of) is not held any more, `left` stays. */
export interface GrantOrder {
  readonly part: PortionPart;
  readonly amount: number;
  readonly release: number;
  readonly left: number;
}

/** The attempt that stands for all that is left of a grant after so many turns. */
const standingAttempt = (id: string, turns: number): string => (turns === 0 ? id : `${id}~${turns}`);

export function partOf({ id, turns }: SliceGrant): PortionPart {
  return {
    id,
    attemptId: standingAttempt(id, turns),
    nextAttemptId: standingAttempt(id, turns + 1),
  };
}
