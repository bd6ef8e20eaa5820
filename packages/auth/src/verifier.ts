import type { Caller } from '@tollgate/core';

/** A credential that was found good. */
export interface Verified {
  readonly caller: Caller;
  /** When the look-up began, ms since the epoch: later changes may be missing. */
  readonly checkedAtMs: number;
  /** When the credential ends by the clock, ms since the epoch; `Infinity`: never. */
  readonly validUntilMs: number;
  /**
   * Looks it up again in the background. `undefined`: it is no longer valid. Rejects where that cannot be determined. Absent where nothing
   * can be looked up.
   */
  readonly revalidate?: (() => Promise<Verified | undefined>) | undefined;
}

/** Verifies a credential. There are three: for API keys, for child credentials, and for tokens. */
export interface CredentialVerifier {
  /** How long a verified credential may be accepted without verifying it again, in milliseconds. */
  readonly maxAgeMs: number;
  /** Rejects with the refusal: 401, or 503 where the credential cannot be checked. */
  verify(text: string): Promise<Verified>;
  /** Reports the ids of changed keys and child credentials, as soon as possible. */
  onChange?(listener: (id: string) => void): void;
}
