import type { ChildCredentials } from './child-credentials.js';
import { childPrefix } from './child-token.js';
import { ChildVerifier } from './child-verifier.js';
import { CredentialCache } from './credential-cache.js';
import { CredentialMemory } from './credential-memory.js';
import { CredentialStrategy } from './credential-strategy.js';
import { FailedCredentials } from './failed-credentials.js';
import { KeyLookup } from './key-lookup.js';
import { KeyVerifier } from './key-verifier.js';
import {
  type ApiKeyStrategyOptions,
  type AuthenticateOptions,
  type CredentialOptions,
  checkApiKeyStrategyOptions,
  checkJwtStrategyOptions,
  type JwtStrategyOptions,
} from './options.js';
import type { PassportStrategy } from './passport-like.js';
import { TokenVerifier } from './token-verifier.js';
import type { CredentialVerifier } from './verifier.js';

/** A strategy and its cache, which `authenticate()` reads first. */
export interface CredentialRoute {
  readonly strategy: PassportStrategy;
  readonly cache: CredentialCache;
}

/**
 * A passport strategy for API keys, named `tollgate-api-key`, for an app that drives passport itself. `req.user` becomes the
 * caller; `req.tollgate` is not touched. Use it with `{ session: false }`.
 */
export function apiKeyStrategy(options: ApiKeyStrategyOptions): PassportStrategy {
  checkApiKeyStrategyOptions(options);
  return keyRoute(lookupOf(options), options, failuresOf(options)).strategy;
}

/**
 * A passport strategy for tokens, named `tollgate-jwt`, for an app that drives passport itself. `req.user` becomes the caller;
 * `req.tollgate` is not touched. Use it with `{ session: false }`.
 */
export function jwtStrategy(options: JwtStrategyOptions): PassportStrategy {
  checkJwtStrategyOptions(options);
  return tokenRoute(options, failuresOf(options)).strategy;
}

/** The credential's type, by its form: an API key or a token. */
export function routesOf(options: AuthenticateOptions): (text: string) => CredentialRoute {
  const failures = failuresOf(options);
  const { keys, jwt, children } = options;
  const lookup = keys && lookupOf({ ...options, keys });
  const forKeys = lookup && keyRoute(lookup, options, failures);
  const forTokens = jwt && tokenRoute({ ...options, jwt }, failures);
  const forChildren = children && childRoute(children, lookup, options, failures);
  const first = forKeys ?? forTokens ?? forChildren;
  if (!first) throw new TypeError('authenticate: "keys", "jwt" or "children" is required');
  return (text) => {
    if (forChildren && text.startsWith(childPrefix)) return forChildren;
    return forTokens && text.includes('.') ? forTokens : first;
  };
}

/** The counters of failed credentials, by the options. */
function failuresOf(options: CredentialOptions): FailedCredentials | undefined {
  return options.failures === false
    ? undefined
    : new FailedCredentials(options.failures ?? {}, options.now ?? Date.now);
}

function lookupOf({ keys, storeDeadlineMs = 2_000, now = Date.now }: ApiKeyStrategyOptions): KeyLookup {
  return new KeyLookup({ keys, storeDeadlineMs, now });
}

/** The way in for API keys. */
function keyRoute(
  lookup: KeyLookup,
  options: CredentialOptions,
  failures: FailedCredentials | undefined,
): CredentialRoute {
  const { rememberMs = 30_000, realm = 'tollgate', now = Date.now } = options;
  const verifier = new KeyVerifier({ lookup, rememberMs, realm, now });
  return credentialRoute('tollgate-api-key', 'invalid_api_key', verifier, options, failures);
}

/** The way in for child credentials, which are looked up where the keys are. */
function childRoute(
  children: ChildCredentials,
  lookup: KeyLookup | undefined,
  options: CredentialOptions,
  failures: FailedCredentials | undefined,
): CredentialRoute {
  const { rememberMs = 30_000, storeDeadlineMs = 2_000, realm = 'tollgate', now = Date.now } = options;
  const verifier = new ChildVerifier({ children, lookup, rememberMs, storeDeadlineMs, realm, now });
  return credentialRoute('tollgate-child', 'invalid_token', verifier, options, failures);
}

/** The way in for tokens. */
function tokenRoute(options: JwtStrategyOptions, failures: FailedCredentials | undefined): CredentialRoute {
  const verifier = new TokenVerifier({
    jwt: options.jwt,
    rememberMs: options.rememberMs ?? 30_000,
    deadlineMs: options.storeDeadlineMs ?? 2_000,
    realm: options.realm ?? 'tollgate',
    now: options.now ?? Date.now,
  });
  return credentialRoute('tollgate-jwt', 'invalid_token', verifier, options, failures);
}

function credentialRoute(
  name: string,
  malformed: 'invalid_api_key' | 'invalid_token',
  verifier: CredentialVerifier,
  options: CredentialOptions,
  failures: FailedCredentials | undefined,
): CredentialRoute {
  const cache = new CredentialCache({
    verifier,
    memory: new CredentialMemory(options.maxRemembered ?? 10_000),
    failures,
    now: options.now ?? Date.now,
  });
  return {
    cache,
    strategy: new CredentialStrategy({ name, malformed, cache, realm: options.realm ?? 'tollgate' }),
  };
}
