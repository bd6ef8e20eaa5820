import { pipeline } from 'node:stream/promises';
import { answerError, isTollgateError, TollgateError } from '@tollgate/core';
import { publish } from '@tollgate/core/internal';
import type { Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import { forbidden, invalid } from '../api/errors.js';
import { nothing } from '../api/fields.js';
import { type AdminIdentity, mayAct } from '../api/identity.js';
import type { AdminRoute, Answer, Call } from '../api/route.js';
import type { Services } from '../api/services.js';
import { identityOf } from './identities.js';

/** Answers requests of one route: role, tenant, query and body are checked before its work begins. */
export function handle(route: AdminRoute, services: Services): RequestHandler {
  return function adminRoute(req, res) {
    answer(route, services, req, res).catch((error: unknown) => {
      const known = tollgateErrorOf(error);
      const isChange =
        route.role === 'operator' && known.code === 'store_unavailable' && known.cause !== undefined;
      answerError(req, res, isChange ? unsure(known) : known, 'openai');
    });
  };
}

/** A store that fails or is late during a change may have made it. */
const unsure = ({ cause }: TollgateError): TollgateError =>
  new TollgateError({
    status: 503,
    code: 'store_unavailable',
    message:
      'The store behind this failed or did not answer in time. The change may have been made: look before you try again.',
    retryAfterMs: 2_000,
    cause,
  });

/** Throws a TollgateError (403) where the identity may not use the route. */
function checkAccess({ role, tenants }: Pick<AdminRoute, 'role' | 'tenants'>, who: AdminIdentity): void {
  if (!mayAct(who.role, role)) throw forbidden(`This needs the role ${role}; yours is ${who.role}.`);
  if (tenants === 'all' && who.tenant !== undefined) {
    throw forbidden('This concerns all tenants, and this access is limited to one.');
  }
}

async function answer(route: AdminRoute, services: Services, req: Request, res: Response): Promise<void> {
  const who = identityOf(req);
  checkAccess(route, who);
  services.check(route.needs);
  const query = checked(route.query, queryOf(req), 'query');
  const call: Call<unknown, unknown> = {
    ...{ services, who, query, params: paramsOf(req) },
    tenant: tenantOf(who, query),
    body: checked(route.body ?? nothing, req.body ?? {}, 'body'),
  };
  await send(await route.run(call), res);
}

async function send(given: Answer, res: Response): Promise<void> {
  if ('json' in given) {
    res.status(given.status ?? 200).json(given.json);
    return;
  }
  res.setHeader('content-type', given.contentType);
  res.setHeader('content-disposition', `attachment; filename="${given.name}"`);
  // A stream that fails half way ends the connection: the file must not look complete.
  await pipeline(given.file, res).catch(() => res.destroy());
}

/** Of the identity, otherwise the one asked for; an identity that is limited may only ask for its own. */
function tenantOf({ tenant: own }: AdminIdentity, query: unknown): string | undefined {
  const { tenant: asked }: { tenant?: unknown } = Object(query);
  if (typeof asked !== 'string') return own;
  if (own !== undefined && asked !== own) {
    throw forbidden(`This access is limited to the tenant ${JSON.stringify(own)}.`);
  }
  return asked;
}

/** Each name once: of two values, one would be ignored silently. */
function queryOf({ originalUrl }: Request): Record<string, string> {
  const at = originalUrl.indexOf('?');
  const given: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(at === -1 ? '' : originalUrl.slice(at + 1))) {
    if (name in given) throw invalid(name, `"${name.slice(0, 64)}" is given twice.`);
    given[name] = value;
  }
  return { ...given };
}

function paramsOf({ params }: Request): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]));
}

function checked(schema: z.ZodObject, given: unknown, where: string): unknown {
  const { data, error } = schema.safeParse(given);
  if (!error) return data;
  const [issue] = error.issues;
  const path = issue?.path.join('.') ?? '';
  const param = path === '' && issue?.code === 'unrecognized_keys' ? issue.keys[0] : path || undefined;
  const name = param === undefined ? `The ${where}` : `"${param.slice(0, 64)}"`;
  throw invalid(param?.slice(0, 64), `${name}: ${issue?.message ?? 'is not valid'}`);
}

/** A fault of ours is a 500 without its message, and is published. */
export function tollgateErrorOf(error: unknown): TollgateError {
  if (isTollgateError(error)) return error;
  publish('tollgate:fault', () => ({ source: 'admin', what: 'route', error: String(error) }));
  return new TollgateError({
    status: 500,
    code: 'internal_error',
    message: 'The request could not be answered.',
    cause: error,
  });
}
