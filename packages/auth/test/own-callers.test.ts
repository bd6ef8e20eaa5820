import { describe, expect, it } from '@jest/globals';
import { definePlans, type TollgateContext } from '@tollgate/core';
import express, { type Request } from 'express';
import passport from 'passport';
import { Strategy } from 'passport-http-bearer';
import request from 'supertest';
import { type AuthenticateOptions, authenticate, memoryKeys, requireScope } from '../src/index.js';

const plans = definePlans({ pro: { requests: '5/min' } });

function appWith(options: AuthenticateOptions, before: express.RequestHandler[] = []) {
  const app = express();
  app.use(
    ...([(_req: Request, _res: unknown, next: () => void) => next(), ...before] as express.RequestHandler[]),
  );
  app.use(authenticate({ plans, ...options }));
  let seen: TollgateContext['caller'];
  app.get('/', (req, res) => {
    seen = req.tollgate.caller;
    res.json({});
  });
  app.get('/scoped', requireScope('write'), (_req, res) => void res.json({}));
  const errors: unknown[] = [];
  app.use(((error, _req, res, _next) => {
    errors.push(error);
    res.status(500).json({});
  }) as express.ErrorRequestHandler);
  return { app, caller: () => seen, errors };
}

describe('authenticate({ caller })', () => {
  it("takes the user of the app's own passport strategy", async () => {
    const users: Record<string, { org: string }> = { 'token-of-ann': { org: 'acme' } };
    const own = new passport.Passport();
    own.use(new Strategy((token, done) => done(null, users[token] ?? false)));
    const { app, caller } = appWith(
      { caller: ({ user }) => user && { tenant: (user as { org: string }).org, plan: 'pro', user: 'ann' } },
      [own.authenticate('bearer', { session: false })],
    );
    expect((await request(app).get('/').set('Authorization', 'Bearer token-of-ann')).status).toBe(200);
    expect(caller()).toEqual({ id: 'ann', tenant: 'acme', plan: 'pro', user: 'ann', scopes: [], labels: {} });
    expect((await request(app).get('/scoped').set('Authorization', 'Bearer token-of-ann')).status).toBe(403);
  });

  it('may be asynchronous, and leaves requests that it does not know to keys', async () => {
    const keys = memoryKeys();
    const { key } = keys.create({ tenant: 'globex', plan: 'pro' });
    const { app, caller } = appWith({
      keys,
      caller: async (req) => (req.get('x-session') === 'good' ? { tenant: 'acme', plan: 'pro' } : undefined),
    });
    expect((await request(app).get('/').set('x-session', 'good')).status).toBe(200);
    expect(caller()?.tenant).toBe('acme');
    expect((await request(app).get('/').set('Authorization', `Bearer ${key}`)).status).toBe(200);
    expect(caller()?.tenant).toBe('globex');
    expect((await request(app).get('/')).status).toBe(401);
  });

  it('refuses a plan that is not defined with 403', async () => {
    const { app } = appWith({ caller: () => ({ tenant: 'acme', plan: 'gold' }) });
    expect((await request(app).get('/')).status).toBe(403);
  });

  it.each<[string, unknown, string]>([
    ['without a tenant', { plan: 'pro' }, 'authenticate: caller(): "tenant" is required'],
    [
      'of a misspelt field',
      { tenant: 'a', plan: 'pro', scope: [] },
      'unknown option "scope" (did you mean "scopes"?)',
    ],
    ['whose scopes are a text', { tenant: 'a', plan: 'pro', scopes: 'write' }, '"scopes" must be an array'],
    ['that is a text', 'acme', 'options must be an object'],
    ['that is null', null, 'options must be an object'],
  ])('lets no caller in %s, and says why to the error handler', async (_, given, message) => {
    const { app, errors } = appWith({ caller: () => given as never });
    expect((await request(app).get('/')).status).toBe(500);
    expect(String(errors[0])).toContain(message);
  });

  it('passes a rejection to the error handler', async () => {
    const { app, errors } = appWith({ caller: () => Promise.reject(new Error('session store is away')) });
    expect((await request(app).get('/')).status).toBe(500);
    expect(String(errors[0])).toContain('session store is away');
  });
});
