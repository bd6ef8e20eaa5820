import { type ApiKeyRecord, parseKey, sha256Hex } from '@tollgate/core/internal';
import { credentialError, unverifiableError } from './errors.js';
import { type KeyLookup, maxFreshKeyMs } from './key-lookup.js';
import { callerOfRecord, checkKey, validUntilMs } from './key-record.js';
import type { CredentialVerifier, Verified } from './verifier.js';

/** Dependencies of a {@link KeyVerifier}. */
export interface KeyVerifierSettings {
  readonly lookup: KeyLookup;
  readonly rememberMs: number;
  readonly realm: string;
  readonly now: () => number;
}

/** Verifies API keys against a store. */
export class KeyVerifier implements CredentialVerifier {
  readonly maxAgeMs: number;
  readonly #settings: KeyVerifierSettings;

  constructor(settings: KeyVerifierSettings) {
    this.#settings = settings;
    this.maxAgeMs = Math.min(settings.rememberMs, maxFreshKeyMs);
  }

  async verify(text: string): Promise<Verified> {
    const { lookup, realm, now } = this.#settings;
    const key = parseKey(text);
    if (!key) throw credentialError('invalid_api_key', realm);
    const found = await lookup.find(key.keyId).catch((error: unknown) => {
      throw unverifiableError(error);
    });
    const sha256 = sha256Hex(key.secret);
    const verdict = checkKey(found.record, sha256, now());
    if (verdict === 'expired') throw credentialError('key_expired', realm);
    if (verdict === 'revoked') throw credentialError('key_revoked', realm);
    if (verdict !== 'valid' || !found.record) throw credentialError('invalid_api_key', realm);
    return this.#verified(found.record, sha256, found.askedAtMs);
  }

  onChange(listener: (keyId: string) => void): void {
    this.#settings.lookup.onChange(listener);
  }

  #verified(record: ApiKeyRecord, sha256: string, checkedAtMs: number): Verified {
    return {
      caller: callerOfRecord(record),
      checkedAtMs,
      validUntilMs: validUntilMs(record, sha256),
      revalidate: () => this.#again(record.keyId, sha256),
    };
  }

  async #again(keyId: string, sha256: string): Promise<Verified | undefined> {
    const { record, askedAtMs } = await this.#settings.lookup.find(keyId);
    const good = record && checkKey(record, sha256, this.#settings.now()) === 'valid';
    return good ? this.#verified(record, sha256, askedAtMs) : undefined;
  }
}
