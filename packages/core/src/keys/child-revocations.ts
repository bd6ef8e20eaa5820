/** The identity of a child credential in revocations. */
export interface ChildIdentity {
  /** UUIDv7; carries when it was minted. */
  readonly id: string;
  /** The key's public id, or the id that `childCredentials()` gives a parent without one. */
  readonly parentId: string;
}

/** Where revoked child credentials are kept until they would have expired. Rejects when the store fails. */
export interface ChildRevocations {
  isRevoked(child: ChildIdentity): Promise<boolean>;
  /** Refuses one child credential from now on. */
  revoke(id: string): Promise<void>;
  /** Refuses all that were minted so far from a parent, and, since clocks differ, in the next 5 seconds. */
  revokeAllOf(parentId: string): Promise<void>;
  /** Calls the listener with the id of every child or parent that is revoked, as soon as it is known; returns how to stop. */
  onChange?(listener: (id: string) => void): () => void;
}

/** The longest that a child credential may live, in ms: 27 days, so that a window of a month that began with it outlives it. */
export const maxChildLifetimeMs = 27 * 86_400_000;

/** The tolerated difference between the clocks of processes when minting is compared with revocation, in ms. */
export const childClockToleranceMs = 5_000;
