import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { runningContext } from '@tollgate/core/internal';
import request from 'supertest';
import { authenticate, memoryKeys } from '../src/index.js';
import { appWith, versions } from './app.js';

const facts = { tenant: 'acme', plan: 'pro', scopes: ['chat'], user: 'ada' };

for (const [version, create] of versions) {
  describe(`authenticate() on ${version}`, () => {
    it('lets a caller with a good key in, and tells the handler who it is', async () => {
      const keys = memoryKeys();
      const { key, keyId } = keys.create({ ...facts, labels: { stage: 'prod' }, models: ['gpt-5*'] });
      const answer = await request(appWith({ keys }, create))
        .get('/v1')
        .set('Authorization', `Bearer ${key}`)
        .expect(200);
      expect(answer.body).toEqual({
        caller: { id: keyId, keyId, ...facts, labels: { stage: 'prod' }, models: ['gpt-5*'] },
        sameUser: true,
      });
    });

    for (const header of ['x-api-key', 'api-key', 'x-goog-api-key']) {
      it(`takes a key in ${header}`, async () => {
        const keys = memoryKeys();
        const { key } = keys.create(facts);
        await request(appWith({ keys }, create)).get('/v1').set(header, key).expect(200);
      });
    }

    it('takes the scheme in any case and with several spaces', async () => {
      const keys = memoryKeys();
      const { key } = keys.create(facts);
      const app = appWith({ keys }, create);
      await request(app).get('/v1').set('Authorization', `bEARER   ${key}`).expect(200);
    });

    it('answers 401 without an error attribute where no credential was sent', async () => {
      const answer = await request(appWith({ keys: memoryKeys() }, create))
        .get('/v1')
        .expect(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="tollgate"');
      expect(answer.body).toEqual({
        error: {
          message: expect.stringContaining('No credential was sent'),
          type: 'authentication_error',
          param: null,
          code: 'missing_api_key',
        },
        request_id: answer.headers['x-request-id'],
      });
    });

    it('answers another scheme, or a scheme alone, as no credential', async () => {
      const app = appWith({ keys: memoryKeys() }, create);
      for (const value of ['Basic YTpi', 'Bearer', 'Bearer ', 'Bearerx y']) {
        const answer = await request(app).get('/v1').set('Authorization', value).expect(401);
        expect(answer.body.error.code).toBe('missing_api_key');
      }
    });

    it('answers 401 with error="invalid_token" where the key is wrong', async () => {
      const keys = memoryKeys();
      const other = memoryKeys().create(facts);
      const app = appWith({ keys }, create);
      const answer = await request(app).get('/v1').set('x-api-key', other.key).expect(401);
      expect(answer.body.error.code).toBe('invalid_api_key');
      expect(answer.headers['www-authenticate']).toBe(
        'Bearer realm="tollgate", error="invalid_token", error_description="The API key is not valid."',
      );
    });

    it('answers 400 to credentials in two places, also when they are the same', async () => {
      const keys = memoryKeys();
      const { key } = keys.create(facts);
      const answer = await request(appWith({ keys }, create))
        .get('/v1')
        .set('Authorization', `Bearer ${key}`)
        .set('x-api-key', key)
        .expect(400);
      expect(answer.body.error.code).toBe('conflicting_credentials');
    });

    it('answers 400 to two Authorization headers, of which Node keeps the first silently', async () => {
      const keys = memoryKeys();
      const { key } = keys.create(facts);
      const status = await statusOfRawHeaders(appWith({ keys }, create), [
        'Authorization',
        `Bearer ${key}`,
        'authorization',
        'Bearer other',
      ]);
      expect(status).toBe(400);
    });

    it('never looks into query or form body', async () => {
      const keys = memoryKeys();
      const { key } = keys.create(facts);
      const app = create();
      app.use(create.urlencoded({ extended: false }), authenticate({ keys }));
      app.use((_req, res) => {
        res.end('in');
      });
      for (const name of ['access_token', 'key', 'api_key']) {
        const answer = await request(app)
          .post(`/v1?${name}=${key}`)
          .type('form')
          .send({ [name]: key })
          .expect(401);
        expect(answer.body.error.code).toBe('missing_api_key');
      }
      const wrong = memoryKeys().create(facts).key;
      await request(app).post(`/v1?access_token=${key}`).set('x-api-key', wrong).expect(401);
      await request(app).post(`/v1?access_token=${wrong}`).set('x-api-key', key).expect(200);
    });

    it('runs the handler within the context, on the first request and on remembered ones', async () => {
      const keys = memoryKeys();
      const { key } = keys.create(facts);
      const app = create();
      app.use(authenticate({ keys }));
      app.use(async (req, res) => {
        await Promise.resolve();
        res.json({ found: runningContext() === req.tollgate, authenticated: req.isAuthenticated() });
      });
      for (let round = 0; round < 3; round += 1) {
        const answer = await request(app).get('/').set('x-api-key', key).expect(200);
        expect(answer.body).toEqual({ found: true, authenticated: true });
      }
    });

    it('gives handlers of a mounted app the same request, remembered or not', async () => {
      const keys = memoryKeys();
      const { key } = keys.create(facts);
      const inner = create();
      inner.use(authenticate({ keys }), (req, res) => {
        res.json({
          methods: typeof req.logIn,
          authenticated: req.isAuthenticated(),
          own: Object.keys(req).includes('logIn'),
        });
      });
      const app = create();
      app.use('/inner', inner);
      app.use((req, res) => {
        res.json({ methods: typeof req.logIn });
      });
      const ask = async (path: string) =>
        (await request(app).get(path).set('x-api-key', key).expect(200)).body;
      expect(await ask('/inner')).toEqual({ methods: 'function', authenticated: true, own: true });
      expect(await ask('/inner')).toEqual({ methods: 'function', authenticated: true, own: false });
      expect(await ask('/outer')).toEqual({ methods: 'undefined' });
    });
  });
}

function statusOfRawHeaders(app: ReturnType<typeof appWith>, headers: string[]): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = app.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      const sent = httpRequest({ port, path: '/v1', headers: ['Host', 'localhost', ...headers] }, (res) => {
        res.resume();
        server.close();
        resolve(res.statusCode);
      });
      sent.on('error', reject).end();
    });
  });
}
