import type { Caller } from '@tollgate/core';

/** A credential that was found good. */
export interface Verified {
  readonly caller: Caller;
  /** Absent for tokens. */
  readonly sha256?: string | undefined;
  /** When the look-up began, ms since the epoch: what happened later may not be known. */
  readonly checkedAtMs: number;
  /** When the credential ends by the clock, ms since the epoch; `Infinity`: never. */
  readonly validUntilMs: number;
}

/** Tells what a credential is worth. Two of them: for API keys, and for tokens. */
export interface CredentialVerifier {
  /** How long a verified credential may be relied on without asking again, in milliseconds. */
  readonly freshMs: number;
  /** Rejects with the refusal: 401, or 503 where it cannot be told. */
  verify(text: string): Promise<Verified>;
  /**
   * Looks a remembered credential up again, behind the scenes. `undefined`: it is no longer good. Rejects where it cannot be
   * told. Absent where there is nothing to look up.
   */
  again?(caller: Caller, sha256: string): Promise<Verified | undefined>;
  /** Tells of keys that were changed, as soon as it is known. */
  onChange?(listener: (keyId: string) => void): void;
}
