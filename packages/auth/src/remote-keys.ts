import type { StoreClient } from '@tollgate/core/internal';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { credentialStore } from './credential-store.js';

/** Keys older than this are fetched again behind the scenes. */
const refreshAfterMs = 600_000;
/** Keys older than this are not used any more. */
const maxAgeMs = 3_600_000;
/** A key id that is not there makes the set be fetched again, but not more often than this. */
const cooldownMs = 30_000;

/** The issuer's keys cannot be fetched, so tokens cannot be verified. */
export class KeysAwayError extends Error {
  override readonly name = 'KeysAwayError';
}

/**
 * The keys of an issuer, fetched from one URL given by the app (redirects are not followed). An issuer that is away for less than an hour
 * has no effect, unless a token names a key that was never seen.
 */
export class RemoteKeys {
  readonly #keys: ReturnType<typeof createRemoteJWKSet>;
  readonly #store: StoreClient<ReturnType<typeof createRemoteJWKSet>>;
  readonly #now: () => number;
  #loadedAtMs = Number.NEGATIVE_INFINITY;
  #triedAtMs = Number.NEGATIVE_INFINITY;

  constructor(url: URL, settings: { readonly deadlineMs: number; readonly now: () => number }) {
    // Infinity: when to fetch is decided here, by our own clock.
    this.#keys = createRemoteJWKSet(url, {
      timeoutDuration: settings.deadlineMs,
      cacheMaxAge: Infinity,
      cooldownDuration: Infinity,
    });
    this.#store = credentialStore('jwks', this.#keys, settings);
    this.#now = settings.now;
  }

  /** Finds a token's key, in the form of `jwtVerify`. Rejects with {@link KeysAwayError}, or as jose does. */
  readonly get: JWTVerifyGetKey = async (header, token) => {
    const ageMs = this.#now() - this.#loadedAtMs;
    // A failure behind the scenes is published, and changes nothing for this token.
    if (ageMs >= maxAgeMs) await this.#load();
    else if (ageMs >= refreshAfterMs && this.#now() - this.#triedAtMs >= cooldownMs)
      this.#load().catch(() => undefined);
    try {
      return await this.#keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (this.#now() - this.#loadedAtMs < cooldownMs) throw error;
      await this.#load();
      return this.#keys(header, token);
    }
  };

  /** Fetches that run at the same time are one; jose sees to that. */
  async #load(): Promise<void> {
    const triedAtMs = this.#now();
    this.#triedAtMs = triedAtMs;
    try {
      await this.#store.run('reload', (keys) => keys.reload());
      this.#loadedAtMs = triedAtMs;
    } catch (cause) {
      throw new KeysAwayError('the keys of the issuer cannot be fetched', { cause });
    }
  }
}
