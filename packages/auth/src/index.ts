export { type CreatedKey, type CreateKeyOptions, createKey, type IssuedKey } from '@tollgate/core/internal';
export {
  type ChildCredentials,
  type ChildCredentialsOptions,
  childCredentials,
  type MintedChild,
  type Narrowing,
} from './child-credentials.js';
export type { ChildLimits } from './child-limits.js';
export type { ClaimMapping, ClaimSource } from './claims.js';
export { credentialFailureOf } from './credential-outcome.js';
export { type EnvKeysOptions, envKeys } from './env-keys.js';
export type { FailureLimit } from './failed-credentials.js';
export {
  type Auth0Issuer,
  type ClerkIssuer,
  type CognitoIssuer,
  type EntraIssuer,
  type FirebaseIssuer,
  type IssuerOverrides,
  issuers,
  type KeycloakIssuer,
  type OktaIssuer,
  type SupabaseIssuer,
  type WorkosIssuer,
} from './issuers.js';
export type { JwtOptions } from './jwt-options.js';
export { type KeyCallersOptions, keyCallers } from './key-callers.js';
export type { WatchableKeyStore } from './key-lookup.js';
export { type MemoryKeys, type MemoryKeysOptions, memoryKeys } from './memory-keys.js';
export { type MemoryOverrides, memoryOverrides } from './memory-overrides.js';
export { authenticate } from './middleware.js';
export type { ApiKeyStrategyOptions, AuthenticateOptions, JwtStrategyOptions } from './options.js';
export { type RequireScopeOptions, requireScope } from './require-scope.js';
export { apiKeyStrategy, jwtStrategy } from './strategies.js';
