import { type Caller, isTollgateError } from '@tollgate/core';
import { type CredentialMemory, fingerprintOf, type Remembered } from './credential-memory.js';
import { tooManyFailedError, tooManyVerifiedError } from './errors.js';
import type { FailedCredentials } from './failed-credentials.js';
import type { CredentialVerifier, Verified } from './verifier.js';

/** While a store is away, credentials that it confirmed are accepted for this long, in milliseconds. */
const staleMs = 60_000;

/** Dependencies of a {@link CredentialCache}. */
export interface CredentialCacheParts {
  readonly verifier: CredentialVerifier;
  readonly memory: CredentialMemory;
  /** Absent: failures are not limited. */
  readonly failures: FailedCredentials | undefined;
  readonly now: () => number;
}

/** Callers of credentials: from memory while it is recent enough, otherwise from the verifier. Limits failures by network. */
export class CredentialCache {
  readonly #parts: CredentialCacheParts;
  readonly #pending = new Map<string, Promise<Caller>>();
  /** Increases with every change: results of look-ups that began before are not cached. */
  #changes = 0;

  constructor(parts: CredentialCacheParts) {
    this.#parts = parts;
    parts.verifier.onChange?.((id) => {
      this.#changes += 1;
      parts.memory.forget(id);
    });
  }

  /** The caller, if its credential was verified lately. Past half of that time, it is looked up again behind the scenes. */
  cached(text: string): Caller | undefined {
    const fingerprint = fingerprintOf(text);
    const entry = this.#parts.memory.get(fingerprint);
    if (!entry) return undefined;
    const nowMs = this.#parts.now();
    const ageMs = nowMs - entry.checkedAtMs;
    const { maxAgeMs } = this.#parts.verifier;
    // A clock that stepped back makes an age negative: look up again rather than trust the entry for longer.
    if (ageMs >= maxAgeMs || ageMs < 0 || nowMs >= entry.validUntilMs) return undefined;
    if (ageMs * 2 >= maxAgeMs && !entry.refreshing) void this.#refresh(fingerprint, entry);
    return entry.caller;
  }

  /** Verifies a credential; rejects with the refusal. Concurrent requests with one credential share the work. */
  admit(text: string, address: string | undefined): Promise<Caller> {
    const remembered = this.cached(text);
    if (remembered) return Promise.resolve(remembered);
    const fingerprint = fingerprintOf(text);
    const pending = this.#pending.get(fingerprint);
    if (pending) return pending;
    const admitted = this.#admit(text, fingerprint, address).finally(() => this.#pending.delete(fingerprint));
    this.#pending.set(fingerprint, admitted);
    return admitted;
  }

  async #admit(text: string, fingerprint: string, address: string | undefined): Promise<Caller> {
    const { failures, memory } = this.#parts;
    // A credential that was good lately is not held back by the failures of its neighbours.
    const limited = memory.get(fingerprint) === undefined ? failures : undefined;
    const leave = await limited?.enter(address);
    if (limited && !leave) throw tooManyVerifiedError();
    let failed = false;
    try {
      const changes = this.#changes;
      const verified = await this.#parts.verifier.verify(text);
      if (changes === this.#changes) this.#remember(fingerprint, verified);
      return verified.caller;
    } catch (error) {
      failed = isTollgateError(error) && error.status === 401;
      if (failed) this.#parts.memory.delete(fingerprint);
      const caller = failed ? undefined : this.#staleIfError(fingerprint);
      if (caller) return caller;
      if (failed && leave?.refuseForMs !== undefined) throw tooManyFailedError(leave.refuseForMs);
      throw error;
    } finally {
      leave?.done(failed);
    }
  }

  /** For the time that a store is away: a caller it confirmed within the last minute. */
  #staleIfError(fingerprint: string): Caller | undefined {
    const entry = this.#parts.memory.get(fingerprint);
    const nowMs = this.#parts.now();
    if (!entry || nowMs - entry.checkedAtMs >= staleMs || nowMs >= entry.validUntilMs) return undefined;
    return entry.caller;
  }

  #remember(fingerprint: string, verified: Verified): void {
    if (this.#parts.verifier.maxAgeMs === 0) return;
    this.#parts.memory.set(fingerprint, { ...verified, refreshing: false, used: false });
  }

  async #refresh(fingerprint: string, entry: Remembered): Promise<void> {
    const { memory } = this.#parts;
    if (!entry.revalidate) return;
    entry.refreshing = true;
    const changes = this.#changes;
    try {
      const verified = await entry.revalidate();
      if (changes !== this.#changes) return;
      if (verified) this.#remember(fingerprint, verified);
      else memory.delete(fingerprint);
    } catch {
      // The failed look-up has been published; the entry stays valid until it is too old.
    } finally {
      entry.refreshing = false;
    }
  }
}
