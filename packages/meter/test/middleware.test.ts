import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { contextOf, forgetWarnings, jsonBody, subscribe, tollgateErrors } from '@tollgate/core';
import express, { type RequestHandler } from 'express';
import request from 'supertest';
import { labels, meter } from '../src/index.js';
import { caller, meteredApp, signedIn } from './metered-app.js';

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

describe('a handler that calls its provider by means of its own', () => {
  it('is charged the estimate, flagged, when it answers 2xx and reports nothing', async () => {
    const { app, events, settled } = meteredApp((app) => app.post(path, ok));
    await request(app).post(path).send(body).expect(200);
    await settled(1);
    expect(events).toMatchObject([
      { source: 'estimated', uncertain: true, outputTokens: 10, outcome: 'ok', route: path },
    ]);
    expect(Number(events[0]?.costNanoUsd)).toBeGreaterThan(10 * 2000);
  });

  it.each([
    ['answers 4xx', ((_req, res) => void res.status(404).json({})) satisfies RequestHandler],
    ['answers 5xx', ((_req, res) => void res.status(500).json({})) satisfies RequestHandler],
    [
      'says that it made no call',
      ((req, res) => {
        req.tollgate.noCall();
        res.json({});
      }) satisfies RequestHandler,
    ],
  ])('is charged nothing when it %s', async (_name, handler) => {
    const { app, events } = meteredApp((app) => app.post(path, handler));
    await request(app).post(path).send(body);
    await turns();
    expect(events).toEqual([]);
  });

  it('is charged nothing when no route matches', async () => {
    const { app, events } = meteredApp(() => undefined);
    await request(app).post(path).send(body).expect(404);
    await turns();
    expect(events).toEqual([]);
  });

  it('is charged nothing when the client leaves before it answers', async () => {
    let entered: () => void;
    const inHandler = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const metered = meteredApp((app) => app.post(path, () => entered()));
    const url = await metered.listen();
    const sending = httpRequest(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    sending.on('error', () => undefined);
    sending.end(JSON.stringify(body));
    await inHandler;
    const [context] = metered.contexts;
    sending.destroy();
    await once(context?.signal ?? new EventTarget(), 'abort');
    await turns();
    expect(metered.events).toEqual([]);
    await metered.close();
  });

  it.each([
    ['our words', { inputTokens: 100, outputTokens: 20, reasoningTokens: 5 }],
    ['OpenAI’s', { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 }],
    ['OpenAI’s responses', { input_tokens: 100, output_tokens: 20 }],
    ['Anthropic’s', { input_tokens: 90, cache_read_input_tokens: 10, output_tokens: 20 }],
    ['Gemini’s', { promptTokenCount: 100, candidatesTokenCount: 15, thoughtsTokenCount: 5 }],
  ])('records what it used in %s', async (_name, usage) => {
    const { app, events, settled } = meteredApp((app) =>
      app.post(path, async (req, res) => {
        await req.tollgate.record({
          provider: 'openai',
          model: 'gpt-5-mini',
          usage,
          labels: { step: 'one' },
        });
        res.json({});
      }),
    );
    await request(app).post(path).send(body).expect(200);
    await settled(1);
    await turns();
    expect(events).toMatchObject([
      { inputTokens: 100, outputTokens: 20, source: 'provider', uncertain: false, labels: { step: 'one' } },
    ]);
  });

  it('may record several calls, of other models, on a route that declares none', async () => {
    const { app, events, settled } = meteredApp((app) =>
      app.post('/summarize', async (req, res) => {
        const usage = { inputTokens: 1_000_000, outputTokens: 0 };
        await req.tollgate.record({ provider: 'openai', model: 'gpt-5-mini', usage });
        await req.tollgate.record({ provider: 'anthropic', model: 'claude-haiku-4-5', usage });
        res.json({});
      }),
    );
    await request(app).post('/summarize').send({ text: 'x' }).expect(200);
    await settled(2);
    expect(events.map(({ model, costNanoUsd }) => [model, costNanoUsd])).toEqual([
      ['gpt-5-mini', '250000000'],
      ['claude-haiku-4-5', '1000000000'],
    ]);
  });

  it('takes the declared call’s place only with the declared model', async () => {
    const { app, events, settled } = meteredApp((app) =>
      app.post(path, async (req, res) => {
        await req.tollgate.record({
          provider: 'openai',
          model: 'gpt-5',
          usage: { inputTokens: 8, outputTokens: 1 },
        });
        res.json({});
      }),
    );
    await request(app).post(path).send(body).expect(200);
    await settled(1);
    await turns();
    expect(events).toMatchObject([{ model: 'gpt-5', costNanoUsd: '20000' }]);
  });

  it.each([
    [
      { provider: 'openai', model: 'gpt-5-mini', usage: { inputTokens: -1 } },
      /"usage.inputTokens" must be an integer/,
    ],
    [
      { provider: 'openai', model: 'gpt-5-mini', usage: { prompt_tokens: '7', completion_tokens: 1 } },
      /not an integer/,
    ],
    [{ provider: 'openai', model: 'gpt-5-mini', usage: {} }, /needs inputTokens or outputTokens/],
    [
      { provider: '', model: 'gpt-5-mini', usage: { inputTokens: 1 } },
      /"provider" must be a non-empty string/,
    ],
    [{ provider: 'openai', model: 'gpt-imaginary', usage: { inputTokens: 1 } }, /No price is known/],
  ])('has its mistakes pointed out: %j', async (recorded, message) => {
    let error: unknown;
    const { app, events } = meteredApp((app) =>
      app.post('/summarize', async (req, res) => {
        await req.tollgate.record(recorded).catch((caught: unknown) => {
          error = caught;
        });
        res.json({});
      }),
    );
    await request(app).post('/summarize').send({});
    expect(String(error)).toMatch(message);
    await turns();
    expect(events).toEqual([]);
  });
});

describe('labels', () => {
  const labelled = async (as: Partial<typeof caller>, header?: string) => {
    const { events, settled } = await (async () => {
      const metered = meteredApp(
        (app) => app.post(path, labels({ route: 'route', shared: 'route', mine: 'route' }), ok),
        {
          labels: () => ({ app: 'app', shared: 'app', header: 'app' }),
          labelHeader: { scope: 'labels' },
        },
        [signedIn({ ...caller, ...as })],
      );
      const sending = request(metered.app).post(path);
      await (header === undefined ? sending : sending.set('x-tollgate-labels', header)).send(body);
      return metered;
    })();
    await settled(1);
    return events[0]?.labels;
  };

  it('come from the verified caller, then the route, then the app', async () => {
    expect(await labelled({ labels: { mine: 'caller' } })).toEqual({
      app: 'app',
      header: 'app',
      shared: 'route',
      route: 'route',
      mine: 'caller',
    });
  });

  it('come last from a header, and only of callers whose scope allows it', async () => {
    const header = 'feature=chat, job="nightly \\"run\\"", header=client';
    expect(await labelled({ scopes: ['labels'] }, header)).toMatchObject({
      feature: 'chat',
      job: 'nightly "run"',
      header: 'app',
    });
    expect(await labelled({}, header)).not.toHaveProperty('feature');
  });

  it.each([
    'feature',
    'a=1',
    'a=b;c',
    'a="b',
    'a=b,,c=d',
    'ä=b',
    Array.from({ length: 17 }, (_, i) => `a${i}=b`).join(', '),
  ])('in a malformed header are refused: %s', async (header) => {
    const { app } = meteredApp((app) => app.post(path, ok), { labelHeader: { scope: 'labels' } }, [
      signedIn({ ...caller, scopes: ['labels'] }),
    ]);
    const answer = await request(app)
      .post(path)
      .set('x-tollgate-labels', Buffer.from(header).toString('latin1'))
      .send(body);
    expect(answer.body.error).toMatchObject({ code: 'invalid_value', param: 'x-tollgate-labels' });
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
