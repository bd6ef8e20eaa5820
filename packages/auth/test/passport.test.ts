import { describe, expect, it } from '@jest/globals';
import { isTollgateError, type TollgateContext, type TollgateError, tollgateErrors } from '@tollgate/core';
import type { NextFunction, Request, Response } from 'express';
import passport from 'passport';
import request from 'supertest';
import { apiKeyStrategy, authenticate, credentialFailureOf, jwtStrategy, memoryKeys } from '../src/index.js';
import { versions } from './app.js';
import { audience, issuerName, startIssuer } from './issuer.js';

for (const [version, create] of versions) {
  describe(`an app that drives passport itself on ${version}`, () => {
    const setUp = (keys = memoryKeys()) => {
      const own = new passport.Passport();
      own.use(apiKeyStrategy({ keys }));
      const app = create();
      app.use(create.urlencoded({ extended: false }));
      app.use(own.authenticate('tollgate-api-key', { session: false, failWithError: true }));
      app.use((req, res) => {
        res.json({ user: req.user });
      });
      app.use((error: Error, req: Request, _res: Response, next: NextFunction) => {
        next(credentialFailureOf(req) ?? error);
      });
      app.use(tollgateErrors());
      return { app, ...keys.create({ tenant: 'acme', plan: 'pro' }) };
    };

    it('finds the caller in req.user', async () => {
      const { app, key, keyId } = setUp();
      const answer = await request(app).get('/').set('Authorization', `Bearer ${key}`).expect(200);
      expect(answer.body.user).toMatchObject({ id: keyId, tenant: 'acme' });
    });

    it('answers as authenticate() does', async () => {
      const { app, key } = setUp();
      const missing = await request(app).get('/').expect(401);
      expect(missing.body.error.code).toBe('missing_api_key');
      expect(missing.headers['www-authenticate']).toBe('Bearer realm="tollgate"');
      const wrong = await request(app)
        .get('/')
        .set('x-api-key', memoryKeys().create({ tenant: 'a', plan: 'p' }).key);
      expect([wrong.status, wrong.body.error.code]).toEqual([401, 'invalid_api_key']);
      const two = await request(app).get('/').set('x-api-key', key).set('api-key', key);
      expect([two.status, two.body.error.code]).toEqual([400, 'conflicting_credentials']);
    });

    it('takes no token from query or form body either, as the strategy below ours would', async () => {
      const { app, key } = setUp();
      await request(app).post(`/?access_token=${key}`).expect(401);
      await request(app).post('/').type('form').send({ access_token: key }).expect(401);
    });

    it('can try both strategies, one after the other, also for requests that come together', async () => {
      const issuer = await startIssuer('ES256');
      try {
        const keys = memoryKeys();
        const own = new passport.Passport();
        own.use(apiKeyStrategy({ keys }));
        own.use(jwtStrategy({ jwt: { issuer: issuerName, audience, jwksUrl: issuer.jwksUrl } }));
        const app = create();
        app.use(own.authenticate(['tollgate-api-key', 'tollgate-jwt'], { session: false }));
        app.use((req, res) => {
          res.json(req.user);
        });
        const exp = Math.floor(Date.now() / 1_000) + 600;
        const token = await issuer.sign({ iss: issuerName, aud: audience, sub: 'ada', exp });
        const issued = Array.from({ length: 20 }, (_, index) =>
          keys.create({ tenant: `t${index}`, plan: 'pro' }),
        );
        const credentials = issued.flatMap(({ key }) => [key, token]);
        const answers = await Promise.all(
          credentials.map((text) => request(app).get('/').set('Authorization', `Bearer ${text}`)),
        );
        expect(answers.map(({ body }) => body.id)).toEqual(issued.flatMap(({ keyId }) => [keyId, 'ada']));
        await request(app).get('/').expect(401);
      } finally {
        await issuer.close();
      }
    });
  });

  describe(`authenticate() with the app's own passport on ${version}`, () => {
    it('lets its transformAuthInfo run, and hands on what that throws', async () => {
      const keys = memoryKeys();
      const { key } = keys.create({ tenant: 'acme', plan: 'pro' });
      const own = new passport.Passport();
      own.transformAuthInfo((_info: unknown, done: (error: Error, info: unknown) => void) =>
        done(new Error('of the app'), null),
      );
      const app = create();
      app.use(authenticate({ keys, passport: own }));
      app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
        res.status(500).end(error.message);
      });
      await request(app).get('/').set('x-api-key', key).expect(500, 'of the app');
    });
  });

  describe(`modes of authenticate() on ${version}`, () => {
    const setUp = (mode: 'shadow' | 'off') => {
      const keys = memoryKeys();
      const app = create();
      app.use(authenticate({ keys, mode }));
      app.use((req, res) => {
        const context: TollgateContext | undefined = req.tollgate;
        res.json({ caller: context?.caller ?? null });
      });
      return { app, ...keys.create({ tenant: 'acme', plan: 'pro' }) };
    };

    it('shadow lets everything pass, leaves no trace of a refusal, and still knows good callers', async () => {
      const { app, key, keyId } = setUp('shadow');
      const without = await request(app).get('/').expect(200);
      expect(without.body).toEqual({ caller: null });
      expect(without.headers['www-authenticate']).toBeUndefined();
      await request(app).get('/').set('x-api-key', 'wrong').expect(200);
      const answer = await request(app).get('/').set('x-api-key', key).expect(200);
      expect(answer.body.caller.id).toBe(keyId);
    });

    it('off does nothing', async () => {
      const { app, key } = setUp('off');
      const answer = await request(app).get('/').set('x-api-key', key).expect(200);
      expect(answer.body).toEqual({ caller: null });
    });

    it('refusals: next hands the error to the app', async () => {
      const app = create();
      app.use(authenticate({ keys: memoryKeys(), refusals: 'next' }));
      app.use((error: TollgateError, _req: Request, res: Response, _next: NextFunction) => {
        res.status(418).end(isTollgateError(error) ? error.code : 'other');
      });
      await request(app).get('/').expect(418, 'missing_api_key');
    });
  });
}
