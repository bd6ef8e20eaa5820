import { CredentialMemory } from './credential-memory.js';
import { CredentialStrategy } from './credential-strategy.js';
import { FailedCredentials } from './failed-credentials.js';
import { CredentialGate } from './gate.js';
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

/** A strategy and the gate it asks, which `authenticate()` asks first. */
export interface Entrance {
  readonly strategy: CredentialStrategy;
  readonly gate: CredentialGate;
}

/**
 * A passport strategy for API keys, named `tollgate-api-key`, for an app that drives passport itself. `req.user` becomes the
 * caller; `req.tollgate` is not touched. Use it with `{ session: false }`.
 */
export function apiKeyStrategy(options: ApiKeyStrategyOptions): PassportStrategy {
  checkApiKeyStrategyOptions(options);
  return keyEntrance(options, failuresOf(options)).strategy;
}

/**
 * A passport strategy for tokens, named `tollgate-jwt`, for an app that drives passport itself. `req.user` becomes the caller;
 * `req.tollgate` is not touched. Use it with `{ session: false }`.
 */
export function jwtStrategy(options: JwtStrategyOptions): PassportStrategy {
  checkJwtStrategyOptions(options);
  return tokenEntrance(options, failuresOf(options)).strategy;
}

/** Which way in a credential takes, by its look: an API key's, or a token's. */
export function entrancesOf(options: AuthenticateOptions): (text: string) => Entrance {
  const failures = failuresOf(options);
  const { keys, jwt } = options;
  const forKeys = keys && keyEntrance({ ...options, keys }, failures);
  const forTokens = jwt && tokenEntrance({ ...options, jwt }, failures);
  const first = forKeys ?? forTokens;
  if (!first) throw new TypeError('authenticate: "keys" or "jwt" is required');
  if (!forTokens) return () => first;
  return (text) => (text.includes('.') ? forTokens : first);
}

/** The counters of failed credentials that the options ask for. */
function failuresOf(options: CredentialOptions): FailedCredentials | undefined {
  return options.failures === false
    ? undefined
    : new FailedCredentials(options.failures ?? {}, options.now ?? Date.now);
}

/** The way in for API keys. */
function keyEntrance(options: ApiKeyStrategyOptions, failures: FailedCredentials | undefined): Entrance {
  const verifier = new KeyVerifier({
    keys: options.keys,
    rememberMs: options.rememberMs ?? 30_000,
    storeTimeoutMs: options.storeTimeoutMs ?? 2_000,
    realm: options.realm ?? 'tollgate',
    now: options.now ?? Date.now,
  });
  return entrance('tollgate-api-key', 'invalid_api_key', verifier, options, failures);
}

/** The way in for tokens. */
function tokenEntrance(options: JwtStrategyOptions, failures: FailedCredentials | undefined): Entrance {
  const verifier = new TokenVerifier({
    jwt: options.jwt,
    rememberMs: options.rememberMs ?? 30_000,
    timeoutMs: options.storeTimeoutMs ?? 2_000,
    realm: options.realm ?? 'tollgate',
    now: options.now ?? Date.now,
  });
  return entrance('tollgate-jwt', 'invalid_token', verifier, options, failures);
}

function entrance(
  name: string,
  malformed: 'invalid_api_key' | 'invalid_token',
  verifier: CredentialVerifier,
  options: CredentialOptions,
  failures: FailedCredentials | undefined,
): Entrance {
  const gate = new CredentialGate({
    verifier,
    memory: new CredentialMemory(options.maxRemembered ?? 10_000),
    failures,
    now: options.now ?? Date.now,
  });
  return {
    gate,
    strategy: new CredentialStrategy({ name, malformed, gate, realm: options.realm ?? 'tollgate' }),
  };
}
