import { describe, expect, it } from '@jest/globals';
import { definePlans, isTollgateError, subscribe, tollgateErrors } from '@tollgate/core';
import type { NewKey } from '@tollgate/core/internal';
import { forgetWarnings, type JsonValue } from '@tollgate/core/internal';
import type { NextFunction, Request, Response } from 'express';
import request from 'supertest';
import { type AuthenticateOptions, authenticate, memoryKeys, requireScope } from '../src/index.js';
import { versions } from './app.js';

const plans = definePlans({ free: { models: ['gpt-5-mini', 'gpt-4.1*'] }, pro: {} });

for (const [version, create] of versions) {
  /** A route that makes one call of the model that the body names. */
  const setUp = (facts: NewKey, options: Partial<AuthenticateOptions> = { plans }) => {
    const keys = memoryKeys();
    const app = create();
    app.use(create.json(), authenticate({ keys, ...options }));
    const { key } = keys.create(facts);
    app.get('/scoped', requireScope('a', 'b'), (_req, res) => {
      res.end('in');
    });
    app.use((req, res, next) => {
      const body: JsonValue | undefined = req.body;
      const outgoing = { method: req.method, url: '/v1/chat/completions', headers: {}, body };
      Promise.resolve(req.tollgate.calls.begin(outgoing))
        .then((handle) => handle.end({ outcome: 'ok', status: 200, sent: true, last: true }))
        .then(() => res.end('called'))
        .catch(next);
    });
    app.use(tollgateErrors());
    return { key, app, post: (body: object) => request(app).post('/').set('x-api-key', key).send(body) };
  };

  describe(`the models of a caller on ${version}`, () => {
    it('are those of its plan', async () => {
      const { post } = setUp({ tenant: 'acme', plan: 'free' });
      await post({ model: 'gpt-5-mini' }).expect(200);
      await post({ model: 'gpt-4.1-nano' }).expect(200);
      const answer = await post({ model: 'gpt-5' }).expect(403);
      expect(answer.body.error).toEqual({
        message: 'The model "gpt-5" is not among those that this credential and its plan allow.',
        type: 'permission_error',
        param: 'model',
        code: 'model_not_allowed',
      });
    });

    it('are narrowed further by its key', async () => {
      const { post } = setUp({ tenant: 'acme', plan: 'free', models: ['gpt-5*'] });
      await post({ model: 'gpt-5-mini' }).expect(200);
      await post({ model: 'gpt-4.1-nano' }).expect(403);
      await post({ model: 'gpt-5' }).expect(403);
    });

    it('are compared to the letter', async () => {
      const { post } = setUp({ tenant: 'acme', plan: 'free' });
      for (const model of [
        'GPT-5-mini',
        ' gpt-5-mini',
        'gpt-5-mini ',
        'gpt-5-mini\u200b',
        'gpt‑5‑mini',
        '',
      ]) {
        await post({ model }).expect(403);
      }
      for (const model of [['gpt-5-mini'], { id: 'gpt-5-mini' }, 5, null, undefined]) {
        await post({ model }).expect(403);
      }
    });

    it('are all of them where nothing narrows them', async () => {
      await setUp({ tenant: 'acme', plan: 'pro' }).post({ model: 'anything' }).expect(200);
      await setUp({ tenant: 'acme', plan: 'pro' }, {}).post({ no: 'model' }).expect(200);
    });

    it('do not matter to a call that asks nothing of a model', async () => {
      const { app, key } = setUp({ tenant: 'acme', plan: 'free' });
      await request(app).get('/').set('x-api-key', key).expect(200);
    });
  });

  describe(`a plan that the app does not have, on ${version}`, () => {
    it('lets nobody in, remembered or not', async () => {
      const { post } = setUp({ tenant: 'acme', plan: 'gold' });
      for (let round = 0; round < 2; round += 1) {
        const answer = await post({ model: 'gpt-5-mini' }).expect(403);
        expect(answer.body.error.message).toContain('plan of this credential is not known here');
      }
    });

    it('is warned of once, with the plan that may be meant', async () => {
      forgetWarnings();
      const warnings: unknown[] = [];
      const stop = subscribe('tollgate:warning', (warning) => warnings.push(warning));
      const { post } = setUp({ tenant: 'acme', plan: 'fre' });
      for (let round = 0; round < 2; round += 1) await post({ model: 'gpt-5-mini' }).expect(403);
      stop();
      const message =
        'a caller was refused: no plan is named "fre" (did you mean "free"?); defined are free, pro';
      expect(warnings).toEqual([{ code: 'TOLLGATE_W_UNKNOWN_PLAN', message }]);
    });

    it('is not looked for in what every object has', async () => {
      await setUp({ tenant: 'acme', plan: 'constructor' }).post({}).expect(403);
    });
  });

  describe(`requireScope() on ${version}`, () => {
    it('lets callers with all of the scopes in', async () => {
      const { app, key } = setUp({ tenant: 'acme', plan: 'pro', scopes: ['b', 'c', 'a'] });
      await request(app).get('/scoped').set('x-api-key', key).expect(200);
    });

    it('answers the others 403 and names the scopes in WWW-Authenticate', async () => {
      const { app, key } = setUp({ tenant: 'acme', plan: 'pro', scopes: ['a'] });
      const answer = await request(app).get('/scoped').set('x-api-key', key).expect(403);
      expect(answer.body.error.code).toBe('insufficient_scope');
      expect(answer.headers['www-authenticate']).toBe(
        'Bearer realm="tollgate", scope="a b", error="insufficient_scope", error_description="This route needs the scopes a b."',
      );
    });

    it('answers 401 where nobody was authenticated', async () => {
      const app = create();
      app.use(requireScope('a'));
      const answer = await request(app).get('/').expect(401);
      expect(answer.body.error.code).toBe('missing_api_key');
    });

    it('in shadow mode publishes what it would have refused, and lets it pass', async () => {
      const outcomes: unknown[] = [];
      const stop = subscribe('tollgate:auth', ({ outcome, mode }) => outcomes.push([outcome, mode]));
      const keys = memoryKeys();
      const { key } = keys.create({ tenant: 'acme', plan: 'pro' });
      const app = create();
      app.use(authenticate({ keys }), requireScope({ scopes: ['a'], mode: 'shadow' }), (_req, res) => {
        res.end('in');
      });
      await request(app).get('/').set('x-api-key', key).expect(200, 'in');
      stop();
      expect(outcomes).toEqual([
        ['verified', 'enforce'],
        ['insufficient_scope', 'shadow'],
      ]);
    });

    it('hands its refusal on when told so, and takes part in nothing when off', async () => {
      const app = create();
      app.use('/next', requireScope({ scopes: ['a'], refusals: 'next' }));
      app.use('/off', requireScope({ scopes: ['a'], mode: 'off' }), (_req, res) => {
        res.end('in');
      });
      app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
        res.end(isTollgateError(error) ? error.code : 'other');
      });
      expect((await request(app).get('/next')).text).toBe('missing_api_key');
      await request(app).get('/off').expect(200, 'in');
    });
  });
}

describe('requireScope()', () => {
  it('refuses to be made without a scope, or with something that is none', () => {
    expect(() => requireScope()).toThrow('requireScope: "scopes" must be a non-empty list of scopes');
    expect(() => requireScope('a b')).toThrow('requireScope: "scopes" must be');
    expect(() => requireScope('a"b')).toThrow('requireScope: "scopes" must be');
    expect(() => requireScope({ scopes: [] })).toThrow('requireScope: "scopes" must be');
  });
});
