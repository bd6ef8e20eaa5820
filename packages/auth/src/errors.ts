import { TollgateError } from '@tollgate/core';

/** Why a credential was refused, as far as its bearer may know. */
export type CredentialFault =
  | 'missing_api_key'
  | 'invalid_api_key'
  | 'key_expired'
  | 'key_revoked'
  | 'invalid_token';

const messages: Readonly<Record<CredentialFault, string>> = {
  missing_api_key:
    'No credential was sent. Send an API key or token as "Authorization: Bearer ...", or an API key in x-api-key, api-key or x-goog-api-key.',
  invalid_api_key: 'The API key is not valid.',
  key_expired: 'The API key has expired.',
  key_revoked: 'The API key has been revoked.',
  invalid_token: 'The token is not valid.',
};

/** `WWW-Authenticate` of RFC 6750 §3. Without an error where no credential was sent. */
function challengeOf(realm: string, error?: string, description?: string, scope?: string): string {
  const attributes = [`realm="${realm}"`];
  if (scope !== undefined) attributes.push(`scope="${scope}"`);
  if (error !== undefined) attributes.push(`error="${error}"`);
  if (description !== undefined) attributes.push(`error_description="${description.replaceAll('"', "'")}"`);
  return `Bearer ${attributes.join(', ')}`;
}

/** 401, with the challenge of RFC 6750. */
export function credentialError(fault: CredentialFault, realm: string): TollgateError {
  return unauthorizedError(fault, realm, messages[fault]);
}

/** 401 for a token; `cause` is for the app's log. */
export function invalidTokenError(realm: string, reason?: string, cause?: unknown): TollgateError {
  return unauthorizedError('invalid_token', realm, reason ?? messages.invalid_token, cause);
}

function unauthorizedError(
  fault: CredentialFault,
  realm: string,
  message: string,
  cause?: unknown,
): TollgateError {
  const challenge =
    fault === 'missing_api_key' ? challengeOf(realm) : challengeOf(realm, 'invalid_token', message);
  return new TollgateError({
    status: 401,
    code: fault,
    message,
    headers: { 'WWW-Authenticate': challenge },
    cause,
  });
}

/** 400: credentials in two places, of which only one would have been checked. */
export function conflictingCredentialsError(realm: string): TollgateError {
  const message =
    'Credentials were sent in more than one place. Send exactly one of Authorization, x-api-key, api-key and x-goog-api-key.';
  return new TollgateError({
    status: 400,
    code: 'conflicting_credentials',
    message,
    headers: { 'WWW-Authenticate': challengeOf(realm, 'invalid_request', message) },
  });
}

/** 429: too many wrong credentials came from this network. */
export function tooManyFailedError(retryAfterMs: number): TollgateError {
  return new TollgateError({
    status: 429,
    code: 'too_many_failed_credentials',
    message: 'Too many wrong credentials came from this network. Wait before sending another.',
    retryAfterMs,
  });
}

/** 503: a network that sent too many wrong credentials gets no more verified this second. The credential of this request may be valid. */
export function tooManyVerifiedError(): TollgateError {
  return new TollgateError({
    status: 503,
    code: 'store_unavailable',
    message: 'The credential cannot be verified at the moment: too many come from this network.',
    retryAfterMs: 1_000,
  });
}

/** 503: the caller cannot be verified at the moment. Never a 401, which would make a client throw its key away. */
export function unverifiableError(cause: unknown): TollgateError {
  return new TollgateError({
    status: 503,
    code: 'store_unavailable',
    message: 'The credential cannot be verified at the moment.',
    retryAfterMs: 2_000,
    cause,
  });
}

/** 503: the caller's own limits cannot be read at the moment. */
export function limitsAwayError(cause: unknown): TollgateError {
  return new TollgateError({
    status: 503,
    code: 'store_unavailable',
    message: 'The limits of this credential cannot be read at the moment.',
    retryAfterMs: 2_000,
    cause,
  });
}

/** 403 with the scopes that are needed (RFC 6750 §3.1). */
export function insufficientScopeError(needed: readonly string[], realm: string): TollgateError {
  const scope = needed.join(' ');
  const message = `This route needs the ${needed.length === 1 ? 'scope' : 'scopes'} ${scope}.`;
  return new TollgateError({
    status: 403,
    code: 'insufficient_scope',
    message,
    headers: { 'WWW-Authenticate': challengeOf(realm, 'insufficient_scope', message, scope) },
  });
}
