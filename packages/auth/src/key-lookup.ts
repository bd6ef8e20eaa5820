import type { KeyStore } from '@tollgate/core';
import { type ApiKeyRecord, asPromise, type StoreClient } from '@tollgate/core/internal';
import { credentialStore } from './credential-store.js';

/** A key store that reports revoked, rotated and expired keys in this process, so that changes take effect at once. */
export interface WatchableKeyStore extends KeyStore {
  /** Calls the listener with the public id of every key that changes; returns how to stop. */
  onChange(listener: (keyId: string) => void): () => void;
}

/** A revocation reaches every process within this time, for any `rememberMs`. In ms. */
export const maxFreshKeyMs = 5_000;

/** A store's record of a key. */
export interface FoundKey {
  readonly record: ApiKeyRecord | undefined;
  /** When the look-up began, ms since the epoch: later changes may be missing. */
  readonly askedAtMs: number;
}

/** How a {@link KeyLookup} is set up. */
export interface KeyLookupSettings {
  readonly keys: KeyStore;
  readonly storeDeadlineMs: number;
  readonly now: () => number;
}

/** Looks keys up in a store: look-ups of one key that run at the same time share one store call. Rejects where the store gives no answer. */
export class KeyLookup {
  readonly #settings: KeyLookupSettings;
  readonly #store: StoreClient<KeyStore>;
  readonly #asking = new Map<string, Promise<FoundKey>>();

  constructor(settings: KeyLookupSettings) {
    this.#settings = settings;
    const { keys, storeDeadlineMs: deadlineMs, now } = settings;
    this.#store = credentialStore('keys', keys, { deadlineMs, now });
  }

  find(keyId: string): Promise<FoundKey> {
    const asking = this.#asking.get(keyId);
    if (asking) return asking;
    const askedAtMs = this.#settings.now();
    const asked = asPromise(this.#store.run('find', (keys) => keys.find(keyId)))
      .then((record) => ({ record: record?.keyId === keyId ? record : undefined, askedAtMs }))
      .finally(() => {
        if (this.#asking.get(keyId) === asked) this.#asking.delete(keyId);
      });
    this.#asking.set(keyId, asked);
    return asked;
  }

  /** Reports changed keys, where the store does; running look-ups of them are repeated. */
  onChange(listener: (keyId: string) => void): void {
    const { keys } = this.#settings;
    if (!('onChange' in keys) || typeof keys.onChange !== 'function') return;
    keys.onChange((keyId: string) => {
      this.#asking.delete(keyId);
      listener(keyId);
    });
  }
}
