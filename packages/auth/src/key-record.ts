import type { Caller } from '@tollgate/core';
import { type ApiKeyRecord, sameDigest } from '@tollgate/core/internal';

/** The status of a secret at a given time. */
export type KeyStatus = 'valid' | 'unknown' | 'expired' | 'revoked';

const noDigest = '0'.repeat(64);

/**
 * Checks a secret against a key's record. Only a caller with one of the key's secrets learns whether the key is expired or revoked. For an
 * unknown key a comparison is made as well, so that it takes as long as for a wrong secret.
 */
export function checkKey(record: ApiKeyRecord | undefined, sha256: string, nowMs: number): KeyStatus {
  const secrets = record?.secrets ?? [{ sha256: noDigest }];
  let found: { expiresAtMs?: number | undefined } | undefined;
  for (const secret of secrets) if (sameDigest(secret.sha256, sha256)) found ??= secret;
  if (!record || !found) return 'unknown';
  if (record.revokedAtMs !== undefined && record.revokedAtMs <= nowMs) return 'revoked';
  return nowMs < Math.min(record.expiresAtMs ?? Infinity, found.expiresAtMs ?? Infinity)
    ? 'valid'
    : 'expired';
}

/** When a valid secret stops being valid by the clock alone: expiry of key or secret, or a revocation in the future. */
export function validUntilMs(record: ApiKeyRecord, sha256: string): number {
  const secret = record.secrets.find((one) => sameDigest(one.sha256, sha256));
  return Math.min(
    record.expiresAtMs ?? Infinity,
    record.revokedAtMs ?? Infinity,
    secret?.expiresAtMs ?? Infinity,
  );
}

/** The caller of a key: a separate, frozen copy. */
export function callerOfRecord(record: ApiKeyRecord): Caller {
  return Object.freeze({
    id: record.keyId,
    tenant: record.tenant,
    team: record.team,
    user: record.user,
    plan: record.plan,
    scopes: Object.freeze([...record.scopes]),
    keyId: record.keyId,
    models: record.models && Object.freeze([...record.models]),
    labels: Object.freeze({ ...record.labels }),
  });
}
