import { isTollgateError } from '@tollgate/core';
import { warnOnce } from '@tollgate/core/internal';
import type { Request } from 'express';
import { Strategy as BearerStrategy } from 'passport-http-bearer';
import { credentialOf } from './credential.js';
import type { CredentialCache } from './credential-cache.js';
import { outcomes } from './credential-outcome.js';
import { conflictingCredentialsError, credentialError } from './errors.js';
import type { PassportStrategy } from './passport-like.js';

type Done = (error: unknown, user?: unknown, info?: { message: string }) => void;
type Verify = (view: Request, token: string, done: Done) => void;

/** Dependencies of a {@link CredentialStrategy}. */
export interface StrategyParts {
  readonly name: string;
  readonly realm: string;
  readonly cache: CredentialCache;
  /** The code for text that cannot be a credential. */
  readonly malformed: 'invalid_api_key' | 'invalid_token';
}

/**
 * passport-http-bearer, given only the one credential of the four headers. The `access_token` in query and form body, which it would also
 * accept, never reaches it. No `#private` members: passport runs it through `Object.create(strategy)`.
 */
export class CredentialStrategy extends BearerStrategy<Verify> implements PassportStrategy {
  /** Set by passport on each run. */
  declare fail: (challenge: string | undefined, status: number) => void;
  private readonly parts: StrategyParts;

  constructor(parts: StrategyParts) {
    super({ realm: parts.realm, passReqToCallback: true }, verifyBy(parts.cache));
    this.name = parts.name;
    this.parts = parts;
  }

  override authenticate(req: Request): void {
    outcomes.delete(req);
    const { realm, malformed } = this.parts;
    const found = credentialOf(req);
    if (found.kind !== 'one') {
      const error =
        found.kind === 'conflict'
          ? conflictingCredentialsError(realm)
          : credentialError(found.kind === 'none' ? 'missing_api_key' : malformed, realm);
      outcomes.set(req, error);
      this.fail(error.headers['WWW-Authenticate'], error.status);
      return;
    }
    warnOfProxies(req);
    const view: Request = Object.create(req, {
      // Read off the request itself: behind proxies the address comes from its headers.
      ip: { value: req.ip },
      headers: { value: { authorization: `Bearer ${found.text}` } },
      query: { value: {} },
      body: { value: undefined },
    });
    super.authenticate(view);
  }
}

function verifyBy(cache: CredentialCache): Verify {
  return (view, token, done) => {
    cache
      .admit(token, view.ip)
      .then(
        (caller) => {
          outcomes.set(Object.getPrototypeOf(view), caller);
          done(null, caller);
        },
        (error: unknown) => {
          if (isTollgateError(error)) outcomes.set(Object.getPrototypeOf(view), error);
          if (!isTollgateError(error) || error.status !== 401) return done(error);
          done(null, false, { message: error.message });
        },
      )
      .catch(done);
  };
}

/** Failures are counted by `req.ip`, which is the proxy's or the client's own invention where trust is set wrongly. */
function warnOfProxies(req: Request): void {
  if (req.headers['x-forwarded-for'] === undefined) return;
  const trust: unknown = req.app?.get('trust proxy');
  if (trust === true) {
    warnOnce(
      'TOLLGATE_W_TRUST_PROXY',
      'authenticate: "trust proxy" is true, so any client can choose its address in X-Forwarded-For and escape the limit on failed credentials; set it to the number or the addresses of your proxies',
    );
  } else if (trust === false || trust === undefined) {
    warnOnce(
      'TOLLGATE_W_TRUST_PROXY',
      'authenticate: X-Forwarded-For is present but "trust proxy" is off, so all clients behind the proxy share one limit on failed credentials; set it to the number or the addresses of your proxies',
    );
  }
}
