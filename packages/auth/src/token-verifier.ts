import { createLocalJWKSet, errors, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose';
import { type Claims, callerOfClaims } from './claims.js';
import { invalidTokenError, unverifiableError } from './errors.js';
import { asymmetricAlgorithms, type JwtOptions, jwksUrlOf, secretAlgorithms } from './jwt-options.js';
import { KeysAwayError, RemoteKeys } from './remote-keys.js';
import type { CredentialVerifier, Verified } from './verifier.js';

/** Dependencies of a {@link TokenVerifier}. */
export interface TokenVerifierSettings {
  readonly jwt: JwtOptions;
  readonly rememberMs: number;
  readonly deadlineMs: number;
  readonly realm: string;
  readonly now: () => number;
}

/** Verifies tokens (JWT, RFC 7519) with jose, and makes callers of their claims. */
export class TokenVerifier implements CredentialVerifier {
  readonly maxAgeMs: number;
  readonly #settings: TokenVerifierSettings;
  readonly #keyOf: JWTVerifyGetKey;
  readonly #checks: JWTVerifyOptions;
  readonly #toleranceSeconds: number;

  constructor(settings: TokenVerifierSettings) {
    const { jwt, rememberMs } = settings;
    this.#settings = settings;
    this.maxAgeMs = rememberMs;
    this.#keyOf = keySourceOf(settings);
    this.#toleranceSeconds = jwt.clockToleranceSeconds ?? 5;
    const usual = jwt.secret === undefined ? asymmetricAlgorithms : secretAlgorithms;
    this.#checks = {
      issuer: [jwt.issuer].flat(),
      ...(jwt.audience !== undefined && { audience: [jwt.audience].flat() }),
      algorithms: [...(jwt.algorithms ?? usual)],
      clockTolerance: this.#toleranceSeconds,
      requiredClaims: [
        'iss',
        'exp',
        ...(jwt.audience === undefined ? [] : ['aud']),
        ...(jwt.requiredClaims ?? []),
      ],
    };
  }

  async verify(text: string): Promise<Verified> {
    const { jwt, now, realm } = this.#settings;
    const checkedAtMs = now();
    const claims = await this.#claimsOf(text);
    if (jwt.authorizedParties !== undefined && !isAuthorized(claims, jwt.authorizedParties)) {
      throw invalidTokenError(realm, 'The token was issued to a client that is not accepted here.');
    }
    const caller = callerOfClaims(claims, {
      mapping: jwt.claims ?? {},
      defaultPlan: jwt.defaultPlan ?? 'default',
    });
    if (typeof caller === 'string') throw invalidTokenError(realm, caller);
    const validUntilMs = (Number(claims.exp) + this.#toleranceSeconds) * 1_000;
    return { caller, checkedAtMs, validUntilMs };
  }

  async #claimsOf(text: string): Promise<Claims> {
    const { now, realm } = this.#settings;
    const checks = { ...this.#checks, currentDate: new Date(now()) };
    try {
      return await verifiedClaims(text, this.#keyOf, checks);
    } catch (error) {
      if (error instanceof KeysAwayError) throw unverifiableError(error);
      throw invalidTokenError(realm, reasonOf(error), error);
    }
  }
}

/** Whether the client that a token was issued to is among the accepted ones: `azp` (OpenID Connect), else `client_id` (RFC 9068). */
function isAuthorized({ azp, client_id: clientId }: Claims, accepted: string | readonly string[]): boolean {
  const party = azp ?? clientId;
  return typeof party === 'string' && [accepted].flat().includes(party);
}

function keySourceOf({ jwt, deadlineMs, now }: TokenVerifierSettings): JWTVerifyGetKey {
  const url = jwksUrlOf('jwt', jwt);
  if (url) return new RemoteKeys(url, { deadlineMs, now }).get;
  if (jwt.keys)
    return createLocalJWKSet({ keys: jwt.keys.keys.map((key) => ({ ...key, kty: key.kty ?? '' })) });
  const secret = typeof jwt.secret === 'string' ? new TextEncoder().encode(jwt.secret) : jwt.secret;
  return async () => secret ?? new Uint8Array();
}

async function verifiedClaims(
  text: string,
  keyOf: JWTVerifyGetKey,
  checks: JWTVerifyOptions,
): Promise<Claims> {
  try {
    return (await jwtVerify(text, keyOf, checks)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    // The token names no key and several would do: RFC 7515 leaves it to the verifier to try them.
    for await (const key of error) {
      try {
        return (await jwtVerify(text, key, checks)).payload;
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** Claims are checked after the signature, so that only the token's rightful bearer learns the reason. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof errors.JWTExpired) return 'The token has expired.';
  if (!(error instanceof errors.JWTClaimValidationFailed) || !/^[\w.:/-]{1,64}$/.test(error.claim))
    return undefined;
  return error.reason === 'missing'
    ? `The token lacks the claim ${error.claim}.`
    : `The token's ${error.claim} is not accepted here.`;
}
