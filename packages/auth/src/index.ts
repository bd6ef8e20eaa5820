export { type CreatedKey, type CreateKeyOptions, createKey, type ParsedKey, parseKey } from './api-key.js';
export type { ClaimMapping, ClaimSource, Claims } from './claims.js';
export { credentialFailureOf } from './credential-strategy.js';
export { type EnvKeysOptions, envKeys } from './env-keys.js';
export type { FailureLimit } from './failed-credentials.js';
export type { JwtOptions, PublicJwk } from './jwt-options.js';
export type { WatchableKeyStore } from './key-verifier.js';
export {
  type IssuedKey,
  type MemoryKeys,
  type MemoryKeysOptions,
  memoryKeys,
  type NewKey,
} from './memory-keys.js';
export { authenticate } from './middleware.js';
export type {
  ApiKeyStrategyOptions,
  AuthenticateOptions,
  CredentialOptions,
  JwtStrategyOptions,
} from './options.js';
export type { PassportLike, PassportStrategy } from './passport-like.js';
export { type RequireScopeOptions, requireScope } from './require-scope.js';
export { apiKeyStrategy, jwtStrategy } from './strategies.js';
