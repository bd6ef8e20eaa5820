import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { contextOf, jsonBody, subscribe, tollgateErrors } from '@tollgate/core';
import { forgetWarnings } from '@tollgate/core/internal';
import express, { type RequestHandler } from 'express';
import express4 from 'express4';
import request from 'supertest';
import { meter } from '../src/index.js';
import { meteredApp, signedIn } from './metered-app.js';

const body = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'hi' }], max_completion_tokens: 10 };
const path = '/v1/chat/completions';
const ok: RequestHandler = (_req, res) => void res.json({});

const warnings: string[] = [];
let unsubscribe: () => void;
beforeEach(() => {
  forgetWarnings();
  warnings.length = 0;
  unsubscribe = subscribe('tollgate:warning', ({ code }) => void warnings.push(String(code)));
});
afterEach(() => unsubscribe());

/** Lets warnings and settlements, which come in a later turn of the event loop, come. */
const turns = async (count = 5): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};

describe('meter()', () => {
  it('declares the call that a body of a known format is, priced before anything is sent', async () => {
    let declared: unknown;
    const { app } = meteredApp((app) =>
      app.post(path, (req, res) => {
        const { api, provider, model, estimate } = req.tollgate.calls.declared?.parsed ?? {};
        declared = { api, provider, model, outputTokens: estimate?.outputTokens };
        req.tollgate.noCall();
        res.json({});
      }),
    );
    await request(app).post(path).send(body).expect(200);
    expect(declared).toEqual({
      api: 'openai-chat',
      provider: 'openai',
      model: 'gpt-5-mini',
      outputTokens: 10,
    });
  });

  it('declares nothing on other routes, whatever their body, unless told the format', async () => {
    const declared: unknown[] = [];
    const note: RequestHandler = (req, res) => {
      declared.push(req.tollgate.calls.declared?.parsed?.api);
      req.tollgate.noCall();
      res.json({});
    };
    await request(meteredApp((app) => app.post('/chat', note)).app)
      .post('/chat')
      .send(body);
    await request(meteredApp((app) => app.post('/chat', note), { api: 'openai-chat' }).app)
      .post('/chat')
      .send(body);
    expect(declared).toEqual([undefined, 'openai-chat']);
  });

  it('does the same on Express 4', async () => {
    const { app, events, settled } = meteredApp((app) => app.post(path, ok), {}, [], express4);
    await request(app).post(path).send(body).expect(200);
    await settled(1);
    expect(events).toMatchObject([{ route: path, source: 'estimated' }]);
    const refused = await request(app)
      .post(path)
      .send({ ...body, model: 'gpt-imaginary' });
    expect(refused.body.error.code).toBe('model_not_priced');
    const empty = await request(app)
      .post(path)
      .set('content-type', 'application/json')
      .set('content-length', '0');
    expect(empty.status).toBe(400);
    await request(app).post('/elsewhere').send(body).expect(404);
  });

  it('refuses what has no price, before the handler runs', async () => {
    let ran = false;
    const { app, events } = meteredApp((app) =>
      app.post(path, (_req, res) => {
        ran = true;
        res.json({});
      }),
    );
    const answer = await request(app)
      .post(path)
      .send({ ...body, model: 'gpt-imaginary' });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: 'model_not_priced', param: 'model' });
    expect(answer.headers['x-should-retry']).toBe('false');
    await turns();
    expect([ran, events.length]).toEqual([false, 0]);
  });

  it('lets it pass in shadow mode, and does nothing when off', async () => {
    const wrong = { ...body, model: 'gpt-imaginary' };
    for (const mode of ['shadow', 'off'] as const) {
      const { app } = meteredApp((app) => app.post(path, ok), { mode });
      await request(app).post(path).send(wrong).expect(200);
    }
  });

  it('refuses a JSON body that nobody parsed, and warns of it once', async () => {
    const app = express().use(signedIn(), meter());
    app.post(path, ok);
    const answer = await request(app).post(path).send(body);
    expect(answer.status).toBe(500);
    await request(app).post(path).send(body);
    await turns();
    expect(warnings).toEqual(['TOLLGATE_W_BODY_NOT_PARSED']);
  });

  it('answers 400 to a request without any body, and warns of nothing', async () => {
    const app = express().use(signedIn(), meter());
    app.post(path, ok);
    const answer = await request(app).post(path).set('content-type', 'application/json');
    expect([answer.status, answer.body.error.code]).toEqual([400, 'invalid_json']);
    await turns();
    expect(warnings).toEqual([]);
  });

  it('answers 415 to a body that is no JSON, whoever parsed it', async () => {
    const app = express().use(signedIn(), express.text({ type: () => true }), meter());
    app.post(path, ok);
    const answer = await request(app).post(path).set('content-type', 'text/plain').send(JSON.stringify(body));
    expect(answer.status).toBe(415);
    expect(answer.body.error.code).toBe('unsupported_media_type');
  });

  it('refuses routes of providers that cost money and cannot be metered, unless told to let them pass', async () => {
    const refusing = meteredApp((app) => app.post('/v1/images/generations', ok));
    const answer = await request(refusing.app).post('/v1/images/generations').send({});
    expect(answer.body.error).toMatchObject({ code: 'unsupported_parameter', param: 'path' });
    const allowing = meteredApp((app) => app.post('/v1/images/generations', ok), { unmetered: 'allow' });
    await request(allowing.app).post('/v1/images/generations').send({}).expect(200);
  });

  it('has no effect the second time, and says so', async () => {
    const { app, events, settled } = meteredApp((app) => app.post(path, meter(), ok));
    await request(app).post(path).send(body).expect(200);
    await settled(1);
    expect(events).toHaveLength(1);
    await turns();
    expect(warnings).toEqual(['TOLLGATE_W_MOUNTED_TWICE']);
  });

  it.each([
    [{ sink: [] }, 'meter: unknown option "sink" (did you mean "sinks"?)'],
    [{ sinks: [{}] }, 'meter: "sinks" must be'],
    [{ tap: 'request' }, 'meter: "tap" must be one of "response", received "request"'],
    [{ labels: { a: 1 } }, 'meter: "labels" must be'],
    [{ labelHeader: {} }, 'meter: "labelHeader" must be'],
    [{ exposeCost: 'yes' }, 'meter: "exposeCost" must be true or false, received "yes"'],
  ])('throws at start for %j', (options, message) => {
    expect(() => Reflect.apply(meter, undefined, [options])).toThrow(message);
  });
});

describe('exposeCost', () => {
  it('answers what the request cost, in dollars, once it is known', async () => {
    const { app } = meteredApp(
      (app) => {
        app.post('/summarize', async (req, res) => {
          const usage = { inputTokens: 1000, outputTokens: 100 };
          await req.tollgate.record({ provider: 'openai', model: 'gpt-5-mini', usage });
          res.json({});
        });
        app.get('/free', ok);
      },
      { exposeCost: true },
    );
    const answer = await request(app).post('/summarize').send({});
    expect(answer.headers['x-tollgate-cost']).toBe('0.00045');
    expect((await request(app).get('/free')).headers).not.toHaveProperty('x-tollgate-cost');
  });
});

describe('a sink that fails', () => {
  it('fails no answer, and is warned of once', async () => {
    const failing = { write: () => Promise.reject(new Error('disk full')) };
    const throwing = {
      write: () => {
        throw new Error('no disk');
      },
    };
    const app = express().use(signedIn(), jsonBody(), meter({ sinks: [failing, throwing] }));
    app.post(path, ok);
    app.use(tollgateErrors());
    await request(app).post(path).send(body).expect(200);
    await request(app).post(path).send(body).expect(200);
    await turns();
    expect(warnings).toEqual(['TOLLGATE_W_SINK_FAILED']);
  });
});

describe('a request without meter()', () => {
  it('is told what is missing', async () => {
    const app = express();
    app.post('/x', async (req, res) => {
      contextOf(req, res);
      await req.tollgate
        .record({ provider: 'openai', model: 'm', usage: {} })
        .catch((error) => res.status(501).json({ code: error.code }));
    });
    const answer = await request(app).post('/x');
    expect(answer.body).toEqual({ code: 'no_request' });
  });
});
