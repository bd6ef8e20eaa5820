import {
  type ApiKeyRecord,
  accepts,
  checkOptions,
  createKey,
  describeValue,
  type IssuedKey,
  keyFactsChecks,
  type NewKey,
  type OptionChecks,
  rotatedSecrets,
} from '@tollgate/core/internal';
import type { WatchableKeyStore } from './key-lookup.js';

/** API keys in this process's memory. */
export interface MemoryKeys extends WatchableKeyStore {
  /** Makes a key. */
  create(facts: NewKey): IssuedKey;
  /**
   * Gives a key a new secret; its id stays. The one before it is accepted for `overlapMs` (0 or more, milliseconds) longer,
   * older ones are not. Throws for an unknown or revoked key.
   */
  rotate(keyId: string, options: { overlapMs: number; live?: boolean }): IssuedKey;
  /** Refuses the key from now on, for good. Throws for an unknown key. */
  revoke(keyId: string): void;
  /** Refuses the key from a time on, ms since the epoch. Throws for an unknown key. @defaultValue now */
  expire(keyId: string, atMs?: number): void;
  /** Every key, in the order in which they were added: hashes, no secrets. */
  list(): readonly ApiKeyRecord[];
}

/** Options of {@link memoryKeys}. */
export interface MemoryKeysOptions {
  /** The clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

const recordChecks: OptionChecks<ApiKeyRecord> = {
  ...keyFactsChecks,
  keyId: accepts.string,
  secrets: accepts.arrayOf(
    (secret) =>
      (typeof secret === 'object' &&
        secret !== null &&
        'sha256' in secret &&
        /^[0-9a-f]{64}$/.test(String(secret.sha256))) ||
      '{ sha256 } with the SHA-256 of a secret in lower-case hex, as of createKey()',
  ),
  revokedAtMs: accepts.wholeNumber,
};

function checkRecord(where: string, record: ApiKeyRecord): void {
  checkOptions<ApiKeyRecord>(where, record, recordChecks, ['keyId', 'secrets', 'tenant', 'plan', 'scopes']);
}

/**
 * A key store in memory: for tests, demos, and apps that create their keys at start. Revocations and rotations take effect with the next
 * request of this process; other processes do not learn of them.
 */
export function memoryKeys(
  records: readonly ApiKeyRecord[] = [],
  options: MemoryKeysOptions = {},
): MemoryKeys {
  checkOptions('memoryKeys', options, { now: accepts.function });
  const now = options.now ?? Date.now;
  const byId = new Map<string, ApiKeyRecord>();
  const listeners = new Set<(keyId: string) => void>();
  if (!Array.isArray(records)) {
    throw new TypeError(
      `memoryKeys: records must be an array of key records, received ${describeValue(records)}`,
    );
  }
  for (const [index, record] of records.entries()) {
    checkRecord(`memoryKeys: record ${index}`, record);
    if (byId.has(record.keyId))
      throw new TypeError(`memoryKeys: the key id "${record.keyId}" is given twice`);
    byId.set(record.keyId, record);
  }

  const change = (keyId: string, action: string, changed: (record: ApiKeyRecord) => ApiKeyRecord): void => {
    const record = byId.get(keyId);
    if (!record) throw new Error(`memoryKeys: ${action}: there is no such key`);
    byId.set(keyId, Object.freeze(changed(record)));
    for (const listener of listeners) listener(keyId);
  };

  return {
    find: async (keyId) => byId.get(keyId),
    onChange(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    create(facts) {
      checkOptions('memoryKeys: create', facts, { ...keyFactsChecks, live: accepts.boolean }, [
        'tenant',
        'plan',
      ]);
      const { live, scopes = [], ...rest } = facts;
      const { key, keyId, sha256 } = createKey({ live });
      byId.set(keyId, Object.freeze({ ...rest, keyId, scopes, secrets: [{ sha256 }] }));
      return { key, keyId };
    },
    rotate(keyId, { overlapMs, live }) {
      if (accepts.wholeNumber(overlapMs) !== true) {
        throw new TypeError('memoryKeys: rotate: "overlapMs" must be an integer of 0 or more');
      }
      const issued = createKey({ live, keyId });
      change(keyId, 'rotate', (record) => {
        if (record.revokedAtMs !== undefined) throw new Error('memoryKeys: rotate: the key is revoked');
        return { ...record, secrets: rotatedSecrets(record.secrets, issued.sha256, now() + overlapMs) };
      });
      return { key: issued.key, keyId };
    },
    revoke(keyId) {
      change(keyId, 'revoke', (record) => ({
        ...record,
        revokedAtMs: Math.min(record.revokedAtMs ?? Infinity, now()),
      }));
    },
    expire(keyId, atMs = now()) {
      change(keyId, 'expire', (record) => ({ ...record, expiresAtMs: atMs }));
    },
    list: () => [...byId.values()],
    plans: () =>
      [...byId.values()].flatMap(({ plan, revokedAtMs }) => (revokedAtMs === undefined ? plan : [])),
  };
}
