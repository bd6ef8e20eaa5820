import Anthropic from '@anthropic-ai/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import type { Express } from 'express';
import OpenAI from 'openai';
import request from 'supertest';
import { meteredFetch } from '../src/index.js';
import { type MeteredApp, meteredApp } from './metered-app.js';

let provider: SimulatedProvider;
let openai: OpenAI;
let anthropic: Anthropic;
let running: MeteredApp | undefined;
beforeAll(async () => {
  provider = await simulateProvider();
  openai = new OpenAI({ apiKey: 'k', baseURL: provider.openAiUrl, fetch: meteredFetch() });
  anthropic = new Anthropic({ apiKey: 'k', baseURL: provider.url, fetch: meteredFetch() });
});
afterEach(async () => {
  for (const context of running?.contexts ?? []) expect(context.calls.running.size).toBe(0);
  await running?.close();
  running = undefined;
  provider.reset();
});
afterAll(() => provider.close());

const model = 'gpt-5-mini';
const messages = [{ role: 'user' as const, content: 'Say hello' }];

function start(build: (app: Express) => void): MeteredApp {
  running = meteredApp(build);
  return running;
}

describe('a refusal inside a handler', () => {
  it('is one attempt for the SDK, with our code and parameter, and the rethrown error is answered as the refusal', async () => {
    const errors: unknown[] = [];
    const { app, events } = start((app) =>
      app.post('/summarize', async () => {
        try {
          await openai.chat.completions.create({ model: 'gpt-imaginary', messages });
        } catch (error) {
          errors.push(error);
          throw error;
        }
      }),
    );
    const answer = await request(app).post('/summarize').send({});
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: 'model_not_priced', param: 'model' });
    expect(errors).toMatchObject([{ status: 400, code: 'model_not_priced', param: 'model' }]);
    expect(provider.requests).toHaveLength(0);
    expect(events).toHaveLength(0);
  });

  it('has Anthropic’s shape for Anthropic’s SDK', async () => {
    let message = '';
    const { app } = start((app) =>
      app.post('/summarize', async (_req, res) => {
        await anthropic.messages
          .create({ model: 'claude-imaginary', max_tokens: 5, messages })
          .catch((error: InstanceType<typeof Anthropic.APIError>) => {
            message = JSON.stringify(error.error);
          });
        res.json({});
      }),
    );
    await request(app).post('/summarize').send({}).expect(200);
    expect(JSON.parse(message)).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', code: 'model_not_priced' },
    });
  });

  it('meets routes of the provider that cost money and are not metered', async () => {
    const { app } = start((app) =>
      app.post('/draw', async () => {
        await openai.images.generate({ prompt: 'a cat', model: 'dall-e-3' });
      }),
    );
    const answer = await request(app).post('/draw').send({});
    expect(answer.body.error).toMatchObject({ code: 'unsupported_parameter', param: 'path' });
    expect(provider.requests).toHaveLength(0);
  });
});

describe('a handler whose call was refused', () => {
  it('is charged nothing if it answers 200 all the same', async () => {
    const { app, events } = start((app) =>
      app.post('/v1/chat/completions', async (_req, res) => {
        await openai.chat.completions.create({ model: 'gpt-imaginary', messages }).catch(() => undefined);
        res.json({ sorry: true });
      }),
    );
    await request(app).post('/v1/chat/completions').send({ model, messages }).expect(200);
    await new Promise(setImmediate);
    expect(events).toEqual([]);
  });
});

describe('meteredFetch', () => {
  it('throws no_request outside of any request', async () => {
    const url = `${provider.openAiUrl}/chat/completions`;
    const init = { method: 'POST', body: JSON.stringify({ model, messages }) };
    await expect(meteredFetch()(url, init)).rejects.toMatchObject({ code: 'no_request' });
    expect(provider.requests).toHaveLength(0);
    const warnings: unknown[] = [];
    const unsubscribe = subscribe('tollgate:warning', ({ code }) => void warnings.push(code));
    const answer = await meteredFetch({ outside: 'allow' })(url, init);
    unsubscribe();
    expect(answer.status).toBe(200);
    expect(warnings).toEqual(['TOLLGATE_W_UNMETERED']);
  });

  it('throws no_request where meter() is not mounted', async () => {
    const { detachedContext, runInContext } = await import('@tollgate/core/internal');
    const { caller } = await import('./metered-app.js');
    const { context } = detachedContext(caller);
    const url = `${provider.openAiUrl}/chat/completions`;
    const sent = runInContext(context, () =>
      meteredFetch()(url, { method: 'POST', body: JSON.stringify({ model, messages }) }),
    );
    await expect(sent).rejects.toMatchObject({ code: 'no_request' });
    expect(provider.requests).toHaveLength(0);
  });

  it('lets everything else through untouched', async () => {
    const models = await openai.models.list();
    expect(models.data.length).toBeGreaterThan(0);
  });

  it('takes a Request object, bytes and a stream as bodies', async () => {
    const url = `${provider.openAiUrl}/chat/completions`;
    const body = JSON.stringify({ model, messages });
    const headers = { 'content-type': 'application/json' };
    const { app, events, settled } = start((app) =>
      app.post('/all', async (req, res) => {
        const send = req.tollgate.fetch;
        const answers = [
          await send(new Request(url, { method: 'POST', body, headers })),
          await send(url, { method: 'POST', body: Buffer.from(body), headers }),
          await send(new URL(url), {
            method: 'POST',
            body: new Blob([body]).stream(),
            headers,
            duplex: 'half',
          }),
        ];
        for (const answer of answers) await answer.json();
        res.json(answers.map((answer) => answer.status));
      }),
    );
    const answer = await request(app).post('/all').send({}).expect(200);
    expect(answer.body).toEqual([200, 200, 200]);
    await settled(3);
    expect(events.every((event) => event.source === 'provider')).toBe(true);
  });

  it('does not follow redirects with the key', async () => {
    provider.queue({ redirectTo: 'http://127.0.0.1:9/elsewhere' });
    const { app, events, settled } = start((app) =>
      app.post('/moved', async (_req, res) => {
        const error = await openai.chat.completions.create({ model, messages }).catch((caught) => caught);
        res.json({ status: error.status });
      }),
    );
    const answer = await request(app).post('/moved').send({});
    expect(answer.body.status).toBe(307);
    await settled(1);
    expect(events).toMatchObject([{ costNanoUsd: '0', status: 307 }]);
    expect(provider.requests).toHaveLength(1);
  });
});
