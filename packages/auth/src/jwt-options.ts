import { accepts, checkOptions, describeValue, type OptionCheck } from '@tollgate/core/internal';
import type { ClaimMapping } from './claims.js';

/** A public key as RFC 7517 writes it. */
interface PublicJwk {
  /** Required; the JWK types of libraries leave it out. */
  readonly kty?: string | undefined;
  readonly [member: string]: unknown;
}

/** How tokens are verified and read. Exactly one of `jwksUrl`, `keys` and `secret` is needed. */
export interface JwtOptions {
  /** Accepted `iss`, to the letter; of several, any. */
  issuer: string | readonly string[];
  /** Accepted `aud`: the token must carry one of them. Required unless `authorizedParties` is given; given both, both are checked. */
  audience?: string | readonly string[] | undefined;
  /**
   * Accepted clients, by `azp` or else `client_id`: for issuers whose tokens have no `aud` that names the API, such as Clerk's session tokens and
   * Cognito's access tokens. The token must carry one of them. @defaultValue any client
   */
  authorizedParties?: string | readonly string[] | undefined;
  /** Where the issuer publishes its keys (JWKS). `https:`, or `http:` on this very machine or with `allowHttp`. */
  jwksUrl?: string | URL | undefined;
  /** The issuer's public keys, where there is nothing to fetch. */
  keys?: { readonly keys: readonly PublicJwk[] } | undefined;
  /** The secret of HS256, HS384 or HS512, which both sides share. At least 32 bytes. */
  secret?: string | Uint8Array | undefined;
  /**
   * Accepted `alg`.
   * @defaultValue RS, PS and ES with 256, 384 and 512, EdDSA and Ed25519; with `secret` HS256, HS384 and HS512 instead
   */
  algorithms?: readonly string[] | undefined;
  /** Which claims make the caller. @defaultValue those of Auth0, Okta and Keycloak */
  claims?: ClaimMapping | undefined;
  /** Plan of tokens that name none. @defaultValue 'default' */
  defaultPlan?: string | undefined;
  /** How far clocks may be apart for `exp` and `nbf`, in seconds, 0 to 300. @defaultValue 5 */
  clockToleranceSeconds?: number | undefined;
  /** Claims that must be there beside `iss`, `aud` and `exp`. @defaultValue none */
  requiredClaims?: readonly string[] | undefined;
  /** Allows `jwksUrl` to be `http:` anywhere: only where the network between is trusted. @defaultValue false */
  allowHttp?: boolean | undefined;
}

/** Both sides hold different keys: a verifier cannot make tokens. */
export const asymmetricAlgorithms: readonly string[] = Object.freeze([
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]);
export const secretAlgorithms: readonly string[] = Object.freeze(['HS256', 'HS384', 'HS512']);

const acceptsTexts: OptionCheck = (value) =>
  accepts.string(value) === true ||
  (Array.isArray(value) && value.length > 0 && accepts.arrayOf(accepts.string)(value) === true) ||
  'a non-empty string or a list of them';

const acceptsSource: OptionCheck = (value) =>
  typeof value === 'function' ||
  acceptsTexts(value) === true ||
  'the name of a claim, a list of names, or a function';

const acceptsLabelSources: OptionCheck = (value) =>
  (accepts.object(value) === true &&
    Object.values(value as object).every((source) => acceptsSource(source) === true)) ||
  'an object of claims by label, e.g. { cost_centre: "cc" }';

/** Checks `jwt` of a factory's options; throws a `TypeError`. The secret is never shown. */
export function checkJwtOptions(factory: string, options: JwtOptions): void {
  const name = `${factory}: jwt`;
  checkOptions<JwtOptions>(
    name,
    options,
    {
      issuer: acceptsTexts,
      audience: acceptsTexts,
      authorizedParties: acceptsTexts,
      jwksUrl: accepts.anything,
      keys: acceptsJwks,
      secret: accepts.anything,
      algorithms: (value) =>
        (Array.isArray(value) && value.length > 0 && accepts.arrayOf(accepts.string)(value) === true) ||
        'a non-empty list of algorithm names',
      claims: accepts.object,
      defaultPlan: accepts.string,
      clockToleranceSeconds: accepts.integerBetween(0, 300),
      requiredClaims: accepts.arrayOf(accepts.string),
      allowHttp: accepts.boolean,
    },
    ['issuer'],
  );
  if (options.audience === undefined && options.authorizedParties === undefined) {
    throw new TypeError(
      `${name}: "audience" or "authorizedParties" is required; without them tokens that the issuer made for other services would be accepted`,
    );
  }
  const sources = [options.jwksUrl, options.keys, options.secret].filter((source) => source !== undefined);
  if (sources.length !== 1) {
    throw new TypeError(
      `${name}: exactly one of "jwksUrl", "keys" and "secret" is needed, received ${sources.length}`,
    );
  }
  if (options.claims) {
    const source = acceptsSource;
    checkOptions<ClaimMapping>(`${name}: claims`, options.claims, {
      id: source,
      tenant: source,
      team: source,
      user: source,
      plan: source,
      scopes: source,
      models: source,
      labels: acceptsLabelSources,
    });
  }
  checkSecret(name, options.secret);
  checkAlgorithms(name, options);
  jwksUrlOf(name, options);
}

/** The URL of the issuer's keys, checked. */
export function jwksUrlOf(name: string, { jwksUrl, allowHttp }: JwtOptions): URL | undefined {
  if (jwksUrl === undefined) return undefined;
  const url = URL.canParse(String(jwksUrl)) ? new URL(String(jwksUrl)) : undefined;
  const onThisMachine = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url?.hostname ?? '');
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && (allowHttp === true || onThisMachine)))
    return url;
  throw new TypeError(`${name}: "jwksUrl" must be an https: URL, received ${describeValue(jwksUrl)}`);
}

function checkAlgorithms(name: string, { algorithms, secret }: JwtOptions): void {
  const known = secret === undefined ? asymmetricAlgorithms : secretAlgorithms;
  for (const algorithm of algorithms ?? []) {
    if (known.includes(algorithm)) continue;
    const hint = secretAlgorithms.includes(algorithm) ? '; it needs "secret"' : '';
    throw new TypeError(
      `${name}: "algorithms" may hold ${known.join(', ')}, received ${describeValue(algorithm)}${hint}`,
    );
  }
}

/** RFC 7518 §3.2: at least as long as the hash. Never shown, not even in part. */
function checkSecret(name: string, secret: unknown): void {
  if (secret === undefined) return;
  const bytes =
    typeof secret === 'string' ? Buffer.byteLength(secret) : secret instanceof Uint8Array ? secret.length : 0;
  if (bytes >= 32) return;
  throw new TypeError(
    `${name}: "secret" must be a string or Uint8Array of at least 32 bytes, received ${bytes}`,
  );
}

const acceptsJwks: OptionCheck = (value) => {
  const keys: unknown =
    typeof value === 'object' && value !== null && 'keys' in value ? value.keys : undefined;
  const good = (key: unknown): boolean =>
    typeof key === 'object' && key !== null && 'kty' in key && key.kty !== 'oct' && !('d' in key);
  return (
    (Array.isArray(keys) && keys.length > 0 && keys.every(good)) ||
    '{ keys: [...] } with public keys (no "d", no kty "oct")'
  );
};
