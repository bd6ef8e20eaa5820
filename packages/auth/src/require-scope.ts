import { contextOf, guarded, refuse } from '@tollgate/core';
import {
  accepts,
  acceptsScope,
  checkOptions,
  type GuardOptions,
  guardChecks,
  warnOnce,
} from '@tollgate/core/internal';
import type { RequestHandler } from 'express';
import { credentialError, insufficientScopeError } from './errors.js';
import { acceptsRealm } from './options.js';
import { publishOutcome } from './outcome.js';

/** The long form of {@link requireScope}. */
export interface RequireScopeOptions extends GuardOptions {
  /** All of these are needed. RFC 6749 scope tokens: no spaces, quotes or backslashes. */
  scopes: readonly string[];
  /** `realm` of `WWW-Authenticate`. @defaultValue 'tollgate' */
  realm?: string;
}

/**
 * Refuses callers that lack any of the scopes with 403 `insufficient_scope`, and requests without a caller with 401. Reads
 * `req.tollgate.caller`; mount it after `authenticate()`, on the route that needs it.
 */
export function requireScope(...given: readonly string[] | readonly [RequireScopeOptions]): RequestHandler {
  const [first] = given;
  if (Array.isArray(first)) {
    throw new TypeError(
      "requireScope: scopes are separate arguments, e.g. requireScope('a', 'b'), received an array",
    );
  }
  const options: RequireScopeOptions =
    typeof first === 'object' ? first : { scopes: given.filter((one) => typeof one === 'string') };
  checkOptions('requireScope', options, { ...guardChecks, scopes: acceptsScopes, realm: acceptsRealm }, [
    'scopes',
  ]);
  const scopes = Object.freeze([...options.scopes]);
  const realm = options.realm ?? 'tollgate';
  const { mode = 'enforce' } = options;
  return guarded('requireScopeMiddleware', (req, res, next) => {
    if (mode === 'off') return next();
    const context = contextOf(req, res);
    const { caller } = context;
    if (caller && scopes.every((scope) => caller.scopes.includes(scope))) return next();
    if (!caller) {
      warnOnce(
        'TOLLGATE_W_NO_CALLER',
        'requireScope: a request came without a caller and was refused. Mount authenticate() before requireScope().',
      );
    }
    const error = caller ? insufficientScopeError(scopes, realm) : credentialError('missing_api_key', realm);
    publishOutcome(context, error.code, mode, caller);
    refuse(req, res, next, error, options);
  });
}

const acceptsScopes = (value: unknown): true | string =>
  (Array.isArray(value) && value.length > 0 && accepts.arrayOf(acceptsScope)(value) === true) ||
  'a non-empty list of scopes, each without spaces, quotes and backslashes';
