import type { Caller, KeyStore } from '@tollgate/core';
import { accepts, checkOptions } from '@tollgate/core/internal';
import { KeyLookup } from './key-lookup.js';
import { callerOfRecord } from './key-record.js';

/** Options of {@link keyCallers}. */
export interface KeyCallersOptions {
  /** Where keys are looked up. */
  keys: KeyStore;
  /** How long a look-up may take. Milliseconds, 1 to 60 000. @defaultValue 2_000 */
  storeDeadlineMs?: number;
  /** Clock of expiry, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/**
 * Looks up the current callers of keys, for work that is done later (`jobs({ callers })`). The caller is `undefined` where its key is
 * revoked, expired or unknown, and where it came with a token or a child credential, which cannot be looked up again. Rejects while the
 * store is away.
 */
export function keyCallers(options: KeyCallersOptions): (caller: Caller) => Promise<Caller | undefined> {
  checkOptions<KeyCallersOptions>(
    'keyCallers',
    options,
    {
      keys: accepts.methods('find'),
      storeDeadlineMs: accepts.integerBetween(1, 60_000),
      now: accepts.function,
    },
    ['keys'],
  );
  const { keys, storeDeadlineMs = 2_000, now = Date.now } = options;
  const lookup = new KeyLookup({ keys, storeDeadlineMs, now });
  return async ({ keyId, childId, tenant }) => {
    if (keyId === undefined || childId !== undefined) return undefined;
    const { record } = await lookup.find(keyId);
    if (!record || record.tenant !== tenant) return undefined;
    const nowMs = now();
    const ends = Math.min(record.expiresAtMs ?? Infinity, record.revokedAtMs ?? Infinity);
    const isGood = nowMs < ends && record.secrets.some(({ expiresAtMs = Infinity }) => nowMs < expiresAtMs);
    return isGood ? callerOfRecord(record) : undefined;
  };
}
