import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ChildCredentials, Narrowing } from '@tollgate/auth';
import {
  type Caller,
  contextOf,
  guarded,
  isTollgateError,
  jsonBody,
  refuse,
  TollgateError,
} from '@tollgate/core';
import { accepts, checkOptions } from '@tollgate/core/internal';
import type { Registry } from '@tollgate/postgres';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { needsKey, unreadable } from './usage-errors.js';

/** Options of `tg.selfService()`. */
export interface SelfServiceOptions {
  /** Scope that a key needs for it: most keys that leak cannot be used to keep others out. @defaultValue 'self' */
  scope?: string;
  /**
   * How long the secret before a rotation is accepted, and the key is not rotated again: a thief cannot lock the owner out at once.
   * Milliseconds, 60 000 to 90 days. @defaultValue 86_400_000 (24 h)
   */
  overlapMs?: number;
}

interface Parts {
  readonly registry: Registry | undefined;
  readonly children: ChildCredentials | undefined;
  readonly now: () => number;
}

const dayMs = 86_400_000;
const narrowings = ['expiresInMs', 'scopes', 'models', 'limits', 'labels'];

/**
 * Routes for key holders, behind `entrance`, which verifies their credential: `POST /rotate` gives the key a new secret, `POST
 * /children` mints a child credential, `POST /children/revoke` revokes one by its `revocation`, or all of the key's with `{"all": true}`.
 */
export function selfService(
  entrance: RequestHandler,
  parts: Parts,
  options: SelfServiceOptions = {},
): Router {
  checkOptions<SelfServiceOptions>('tg.selfService', options, {
    scope: accepts.string,
    overlapMs: accepts.integerBetween(60_000, 90 * dayMs),
  });
  const { scope = 'self', overlapMs = dayMs } = options;
  const router = Router();

  const answer = (run: (caller: Caller, req: Request) => Promise<{ status: number; json: object }>) =>
    guarded('selfService', async (req, res: Response, next) => {
      try {
        const { caller } = contextOf(req, res);
        if (!caller) throw needsKey();
        if (caller.childId !== undefined) throw denied('A child credential cannot do this: use its key.');
        if (!caller.scopes.includes(scope)) throw denied(`This needs the scope ${JSON.stringify(scope)}.`);
        const { status, json } = await run(caller, req);
        res.setHeader('cache-control', 'no-store');
        res.status(status).json(json);
      } catch (error) {
        refuse(req, res, next, isTollgateError(error) ? error : unreadable(error));
      }
    });

  async function rotate({ keyId }: Caller) {
    const { registry, now } = parts;
    if (keyId === undefined || !registry) throw missing('The keys of this app are not rotated here.');
    // A second rotation would end the secret that the owner still uses: a thief could lock the owner out.
    const asked = registry.as(`key ${keyId}`).keys.rotate(keyId, { overlapMs, once: true });
    const { key } = await asked.catch((error: unknown) => {
      throw error instanceof RangeError ? rotatedAlready() : error;
    });
    const overlap_ends_at = new Date(now() + overlapMs).toISOString();
    return { status: 200, json: { object: 'key', key_id: keyId, key, overlap_ends_at } };
  }

  async function mint(caller: Caller, { body }: Request) {
    const children = childrenOf(parts);
    const given: Readonly<Record<string, unknown>> = { ...body };
    const asked = Object.fromEntries(Object.entries(given).map(([name, value]) => [camel(name), value]));
    const unknown = Object.keys(asked).find((name) => !narrowings.includes(name));
    if (unknown !== undefined)
      throw invalid(unknown, `Unknown field; known are ${narrowings.map(snake).join(', ')}.`);
    try {
      const { token, id, expiresAtMs } = await children.mint(caller, asked as Narrowing);
      const revocation = `${id}.${signature(children, caller, id)}`;
      const expires_at = new Date(expiresAtMs).toISOString();
      return { status: 201, json: { object: 'child_credential', id, token, expires_at, revocation } };
    } catch (error) {
      if (error instanceof TypeError) throw invalid(undefined, error.message.replace(/^mint: /, ''));
      throw error;
    }
  }

  async function revoke(caller: Caller, { body }: Request) {
    const children = childrenOf(parts);
    const { revocation, all }: { revocation?: unknown; all?: unknown } = { ...body };
    if (all === true && revocation === undefined) {
      await children.revokeAllOf(caller);
      return { status: 200, json: { object: 'revocation', all: true } };
    }
    const [id = '', proof = ''] = typeof revocation === 'string' ? revocation.split('.') : [];
    const expected = Buffer.from(signature(children, caller, id));
    const isOwn = proof.length === expected.length && timingSafeEqual(Buffer.from(proof), expected);
    if (all !== undefined || !isOwn) {
      throw invalid(
        'revocation',
        '"revocation" must be that of a child credential of this key, or "all" must be true.',
      );
    }
    await children.revoke(id);
    return { status: 200, json: { object: 'revocation', id } };
  }

  router.use(entrance);
  router.post('/rotate', answer(rotate));
  router.post('/children', jsonBody({ limit: '16kb' }), answer(mint));
  router.post('/children/revoke', jsonBody({ limit: '16kb' }), answer(revoke));
  return router;
}

/** Proves that a child was minted here for this caller: ids alone could be those of others' children. */
function signature({ keys }: ChildCredentials, { tenant, keyId, id: callerId }: Caller, id: string): string {
  const parent = JSON.stringify(['revoke', tenant, keyId ?? callerId, id]);
  return createHmac('sha256', keys[0] ?? '')
    .update(parent)
    .digest('base64url');
}

function childrenOf({ children }: Parts): ChildCredentials {
  if (children) return children;
  throw missing('This app issues no child credentials.');
}

const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const invalid = (param: string | undefined, message: string): TollgateError =>
  new TollgateError({ status: 400, code: 'invalid_value', message, param, retryAfterMs: false });

const denied = (message: string): TollgateError =>
  new TollgateError({ status: 403, code: 'insufficient_scope', message, retryAfterMs: false });

const missing = (message: string): TollgateError =>
  new TollgateError({ status: 404, code: 'not_found', message, retryAfterMs: false });

const rotatedAlready = (): TollgateError =>
  new TollgateError({
    status: 429,
    code: 'quota_exceeded',
    message:
      'This key was rotated already: the secret before is still accepted. Contact the operator to rotate it sooner.',
    retryAfterMs: false,
  });
