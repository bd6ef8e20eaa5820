import type { ApiKeyRecord, Caller, KeyStore } from '@tollgate/core';
import { parseKey, sha256Hex } from './api-key.js';
import { credentialError, unverifiableError } from './auth-error.js';
import { callerOfRecord, judgeKey, validUntilMs } from './key-record.js';
import { StoreGuard } from './store-guard.js';
import type { CredentialVerifier, Verified } from './verifier.js';

/** A key store that tells when a key was revoked, rotated or expired in this process, so that it takes effect at once. */
export interface WatchableKeyStore extends KeyStore {
  /** Calls the listener with the public id of every key that changes; returns how to stop. */
  onChange(listener: (keyId: string) => void): () => void;
}

/** A revocation reaches every process within this time, whatever `rememberMs` says. */
const maxFreshKeyMs = 5_000;

/** What a {@link KeyVerifier} needs. */
export interface KeyVerifierSettings {
  readonly keys: KeyStore;
  readonly rememberMs: number;
  readonly storeTimeoutMs: number;
  readonly realm: string;
  readonly now: () => number;
}

interface Found {
  readonly record: ApiKeyRecord | undefined;
  readonly askedAtMs: number;
}

/** Verifies API keys against a store: look-ups of one key that run at the same time share one store call. */
export class KeyVerifier implements CredentialVerifier {
  readonly freshMs: number;
  readonly #settings: KeyVerifierSettings;
  readonly #guard: StoreGuard;
  readonly #asking = new Map<string, Promise<Found>>();

  constructor(settings: KeyVerifierSettings) {
    this.#settings = settings;
    this.freshMs = Math.min(settings.rememberMs, maxFreshKeyMs);
    this.#guard = new StoreGuard({ store: 'keys', timeoutMs: settings.storeTimeoutMs, now: settings.now });
  }

  async verify(text: string): Promise<Verified> {
    const { realm } = this.#settings;
    const key = parseKey(text);
    if (!key) throw credentialError('invalid_api_key', realm);
    const found = await this.#find(key.keyId).catch((error: unknown) => {
      throw unverifiableError(error);
    });
    const sha256 = sha256Hex(key.secret);
    const verdict = judgeKey(found.record, sha256, this.#settings.now());
    if (verdict === 'expired') throw credentialError('key_expired', realm);
    if (verdict === 'revoked') throw credentialError('key_revoked', realm);
    if (verdict !== 'valid' || !found.record) throw credentialError('invalid_api_key', realm);
    return verifiedOf(found.record, sha256, found.askedAtMs);
  }

  async again(caller: Caller, sha256: string): Promise<Verified | undefined> {
    const { record, askedAtMs } = await this.#find(caller.id);
    return record && judgeKey(record, sha256, this.#settings.now()) === 'valid'
      ? verifiedOf(record, sha256, askedAtMs)
      : undefined;
  }

  onChange(listener: (keyId: string) => void): void {
    const { keys } = this.#settings;
    if (!('onChange' in keys) || typeof keys.onChange !== 'function') return;
    keys.onChange((keyId: string) => {
      this.#asking.delete(keyId);
      listener(keyId);
    });
  }

  #find(keyId: string): Promise<Found> {
    const asking = this.#asking.get(keyId);
    if (asking) return asking;
    const askedAtMs = this.#settings.now();
    const asked = this.#guard
      .run(async () => this.#settings.keys.find(keyId))
      .then((record) => ({ record: record?.keyId === keyId ? record : undefined, askedAtMs }))
      .finally(() => {
        if (this.#asking.get(keyId) === asked) this.#asking.delete(keyId);
      });
    this.#asking.set(keyId, asked);
    return asked;
  }
}

function verifiedOf(record: ApiKeyRecord, sha256: string, checkedAtMs: number): Verified {
  return {
    caller: callerOfRecord(record),
    sha256,
    checkedAtMs,
    validUntilMs: validUntilMs(record, sha256),
  };
}
