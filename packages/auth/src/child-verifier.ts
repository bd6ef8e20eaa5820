import type { Caller } from '@tollgate/core';
import type { ApiKeyRecord, ChildRevocations, StoreClient } from '@tollgate/core/internal';
import { errors } from 'jose';
import type { ChildCredentials } from './child-credentials.js';
import { ownLimitsOfChild } from './child-limits.js';
import { type ChildClaims, readChild } from './child-token.js';
import { credentialStore } from './credential-store.js';
import { invalidTokenError, unverifiableError } from './errors.js';
import { type KeyLookup, maxFreshKeyMs } from './key-lookup.js';
import { callerOfRecord } from './key-record.js';
import { sharedModels, sharedScopes } from './narrowing.js';
import { parentIdOf } from './parent-id.js';
import type { CredentialVerifier, Verified } from './verifier.js';

/** Dependencies of a {@link ChildVerifier}. */
export interface ChildVerifierSettings {
  readonly children: Pick<ChildCredentials, 'keys' | 'revocations'>;
  /** Where the keys are that children were minted from. Absent: such children are refused. */
  readonly lookup: KeyLookup | undefined;
  readonly rememberMs: number;
  readonly storeDeadlineMs: number;
  readonly realm: string;
  readonly now: () => number;
}

const withdrawn = 'The credential has been revoked, or the one it was made from is no longer good.';

/** Verifies child credentials: their signature, then that neither they nor their parents are revoked. Never wider than the parent is now. */
export class ChildVerifier implements CredentialVerifier {
  readonly maxAgeMs: number;
  readonly #settings: ChildVerifierSettings;
  readonly #store: StoreClient<ChildRevocations>;

  constructor(settings: ChildVerifierSettings) {
    this.#settings = settings;
    this.maxAgeMs = Math.min(settings.rememberMs, maxFreshKeyMs);
    const { storeDeadlineMs: deadlineMs, now } = settings;
    this.#store = credentialStore('revocations', settings.children.revocations, { deadlineMs, now });
  }

  async verify(text: string): Promise<Verified> {
    const { children, realm, now } = this.#settings;
    let claims: ChildClaims;
    try {
      claims = await readChild(text, children.keys, now());
    } catch (error) {
      const reason = error instanceof errors.JWTExpired ? 'The credential has expired.' : undefined;
      throw invalidTokenError(realm, reason, error);
    }
    const verified = await this.#judge(claims).catch((error: unknown) => {
      throw unverifiableError(error);
    });
    if (!verified) throw invalidTokenError(realm, withdrawn);
    return verified;
  }

  onChange(listener: (id: string) => void): void {
    this.#settings.lookup?.onChange(listener);
    this.#settings.children.revocations.onChange?.(listener);
  }

  /** The caller of the credential now; `undefined`: it is invalid. Rejects where that cannot be determined. */
  async #judge(claims: ChildClaims): Promise<Verified | undefined> {
    const { now, lookup } = this.#settings;
    const checkedAtMs = now();
    const { id, keyId, caller } = claims;
    const parentId = keyId ?? parentIdOf(caller as Caller);
    const [isRevoked, found] = await Promise.all([
      this.#store.run('isRevoked', (revocations) => revocations.isRevoked({ id, parentId })),
      keyId === undefined ? undefined : lookup?.find(keyId),
    ]);
    const parent = keyId === undefined ? codeParent(claims) : parentOf(found?.record, now());
    const validUntilMs = Math.min(claims.expiresAtMs, parent?.validUntilMs ?? 0);
    if (isRevoked || !parent || now() >= validUntilMs) return undefined;
    const revalidate = () => this.#judge(claims);
    return { caller: narrowed(parent.caller, claims), checkedAtMs, validUntilMs, revalidate };
  }
}

interface Parent {
  readonly caller: Caller;
  readonly validUntilMs: number;
}

/** The key that a child was minted from, as it is now. */
function parentOf(record: ApiKeyRecord | undefined, nowMs: number): Parent | undefined {
  if (!record) return undefined;
  const validUntilMs = Math.min(record.expiresAtMs ?? Infinity, record.revokedAtMs ?? Infinity);
  return nowMs < validUntilMs ? { caller: callerOfRecord(record), validUntilMs } : undefined;
}

/** The parent of a child minted in code, from its signed claims. */
function codeParent({ caller, scopes, models }: ChildClaims): Parent | undefined {
  if (!caller) return undefined;
  return { caller: { ...caller, scopes, models, labels: {} }, validUntilMs: Infinity };
}

function narrowed(parent: Caller, claims: ChildClaims): Caller {
  const models = sharedModels(parent.models, claims.models);
  const limits = ownLimitsOfChild('child credential', claims.limits, claims);
  return Object.freeze({
    ...parent,
    childId: claims.id,
    scopes: Object.freeze(sharedScopes(claims.scopes, parent.scopes)),
    models: models && Object.freeze(models),
    labels: Object.freeze({ ...claims.labels, ...parent.labels }),
    ...(limits && { limits }),
  });
}
