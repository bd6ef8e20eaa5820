import { hkdfSync } from 'node:crypto';
import type { Caller } from '@tollgate/core';
import { accepts, acceptsScope, idTimeMs } from '@tollgate/core/internal';
import { errors, jwtVerify, SignJWT } from 'jose';
import { type ChildLimits, childLimitFields } from './child-limits.js';

/** Prefix of child credentials: identifies them without parsing. */
export const childPrefix = 'tg_child_';
const type = 'tollgate-child+jwt';
const audience = 'tollgate:child';
/** Fits into every server's headers. */
const maxLength = 8_192;

/** The claims of a child credential. */
export interface ChildClaims {
  /** UUIDv7. */
  readonly id: string;
  readonly mintedAtMs: number;
  readonly expiresAtMs: number;
  /** Public id of the key it was minted from; fields that are absent here are taken from the key. */
  readonly keyId?: string | undefined;
  /** Where it was not minted from a key: on whose behalf. */
  readonly caller?: Omit<Caller, 'scopes' | 'models' | 'labels' | 'limits' | 'childId' | 'keyId'> | undefined;
  readonly scopes: readonly string[];
  readonly models?: readonly string[] | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly limits: ChildLimits;
}

/** The signing key derived from a secret, different from all other uses of the same secret. */
export function childKeyOf(secret: string | Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', 'tollgate child credentials v1', 32));
}

/** Signs a child credential (JWS, HMAC-SHA256). Throws a `TypeError` where it would not fit into a header. */
export async function signChild(claims: ChildClaims, key: Uint8Array): Promise<string> {
  const { id, mintedAtMs, expiresAtMs, ...rest } = claims;
  const token = await new SignJWT({ ...rest })
    .setProtectedHeader({ alg: 'HS256', typ: type })
    .setJti(id)
    .setAudience(audience)
    .setIssuedAt(Math.floor(mintedAtMs / 1_000))
    .setExpirationTime(Math.floor(expiresAtMs / 1_000))
    .sign(key);
  const text = childPrefix + token;
  if (text.length > maxLength) {
    throw new TypeError(`mint: the credential would have ${text.length} characters, more than ${maxLength}`);
  }
  return text;
}

/** Reads a child credential that one of the keys has signed. Rejects with jose's error otherwise, and where it has expired. */
export async function readChild(
  text: string,
  keys: readonly Uint8Array[],
  nowMs: number,
): Promise<ChildClaims> {
  if (!text.startsWith(childPrefix)) throw new errors.JWSInvalid('no child credential');
  let failure: unknown = new errors.JWSSignatureVerificationFailed();
  for (const key of keys) {
    try {
      const { payload } = await jwtVerify(text.slice(childPrefix.length), key, {
        algorithms: ['HS256'],
        typ: type,
        audience,
        requiredClaims: ['jti', 'iat', 'exp'],
        currentDate: new Date(nowMs),
      });
      return claimsOf(payload);
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** Only Tollgate signs these claims, so wrong ones come from another version, or from a secret that others have. */
function claimsOf(payload: Readonly<Record<string, unknown>>): ChildClaims {
  const { jti, exp, keyId, caller, scopes, models, labels, limits } = payload;
  const mintedAtMs = typeof jti === 'string' ? idTimeMs(jti) : undefined;
  const texts = accepts.arrayOf(accepts.string);
  const good =
    mintedAtMs !== undefined &&
    typeof exp === 'number' &&
    (keyId === undefined) !== (caller === undefined) &&
    (keyId === undefined || accepts.string(keyId) === true) &&
    (caller === undefined || isCaller(caller)) &&
    accepts.arrayOf(acceptsScope)(scopes) === true &&
    (models === undefined || texts(models) === true) &&
    isTexts(labels) &&
    isTexts(limits) &&
    Object.keys(limits).every((name) => childLimitFields.includes(name as keyof ChildLimits));
  if (!good) throw new errors.JWTInvalid('not what a child credential says');
  const claims = { keyId, caller, scopes, models, labels, limits } as Omit<
    ChildClaims,
    'id' | 'mintedAtMs' | 'expiresAtMs'
  >;
  return { ...claims, id: String(jti), mintedAtMs, expiresAtMs: exp * 1_000 };
}

function isCaller(value: unknown): boolean {
  return (
    isTexts(value) && ['id', 'tenant', 'plan'].every((name) => Object.hasOwn(value, name)) && 'id' in value
  );
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === 'string')
  );
}
