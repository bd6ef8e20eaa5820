import { TollgateError } from '@tollgate/core';
import type { Request } from 'express';
import { type AdminIdentity, type Authorize, isIdentity } from '../api/identity.js';

const identities = new WeakMap<Request, AdminIdentity>();

/** Gets the caller's identity from the app, and keeps it with the request. Rejects with a TollgateError (401) where there is none. */
export async function identify(req: Request, authorize: Authorize): Promise<AdminIdentity> {
  const who = await authorize(req);
  if (who === undefined || who === null) throw unknownCaller();
  if (!isIdentity(who)) {
    throw new TypeError(
      'admin: "authorize" must return { name, role, tenant? } with the role viewer, finance or operator, or nothing',
    );
  }
  const { name, role, tenant } = who;
  const known = Object.freeze({ name, role, ...(tenant !== undefined && { tenant }) });
  identities.set(req, known);
  return known;
}

/** The identity of a request that {@link identify} has let through. */
export function identityOf(req: Request): AdminIdentity {
  const who = identities.get(req);
  if (!who) throw unknownCaller();
  return who;
}

const unknownCaller = (): TollgateError =>
  new TollgateError({
    status: 401,
    code: 'missing_api_key',
    message: 'This needs a login.',
    headers: { 'WWW-Authenticate': 'Bearer realm="tollgate"' },
    retryAfterMs: false,
  });
