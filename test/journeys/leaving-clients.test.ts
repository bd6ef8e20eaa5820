import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { authenticate, memoryKeys } from '@tollgate/auth';
import { budget } from '@tollgate/budget';
import { definePlans, jsonBody, memoryQuota } from '@tollgate/core';
import { simulateProvider } from '@tollgate/simulator';
import { openai, proxy } from '@tollgate/upstream';
import express, { type RequestHandler } from 'express';
import request from 'supertest';
import { type RunningApp, startApp } from './running-app.js';

const chat = {
  model: 'gpt-5-mini',
  max_completion_tokens: 200,
  messages: [{ role: 'user', content: 'The sea?' }],
};
/** gpt-5-mini, published price: 0.25 $ per million input tokens, 2 $ per million output tokens. */
const priceOf = ({ inputTokens, outputTokens }: { inputTokens: number; outputTokens: number }): number =>
  inputTokens * 250 + outputTokens * 2_000;

let app: RunningApp | undefined;
afterEach(() => app?.close());

function send(to: RunningApp, signal?: AbortSignal): Promise<Response> {
  return fetch(`${to.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${to.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(chat),
    ...(signal && { signal }),
  });
}

describe('a client that leaves', () => {
  it('before an answer in one piece pays what the provider bills: the call is finished without it', async () => {
    app = await startApp({ provider: { script: { tokens: 150 } } });
    app.provider.hold();
    const leaving = new AbortController();
    const sent = Array.from({ length: 5 }, () =>
      send(app as RunningApp, leaving.signal).catch(() => undefined),
    );
    await app.provider.waitFor(5);
    leaving.abort();
    await Promise.all(sent);
    app.provider.release();
    await app.settled();
    expect(app.events).toHaveLength(5);
    expect(app.events.every(({ source }) => source === 'provider')).toBe(true);
    expect(await app.money()).toEqual({ used: priceOf(app.provider.accounts().billed), held: 0 });
  });

  it('while something before the guards is waited for gives back its place, and costs nothing', async () => {
    let arrived = (): void => undefined;
    let whenReady = (): void => undefined;
    const waiting = new Promise<void>((resolve) => {
      whenReady = resolve;
    });
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    app = await startApp({
      plan: { spend: '$1/day', concurrent: 1 },
      before: async (_req, res, next) => {
        if (arrivals.push(res) > 1) return next();
        arrived();
        await Promise.all([waiting, once(res, 'close')]);
        next();
      },
    });
    const arrivals: unknown[] = [];
    const leaving = new AbortController();
    const left = send(app, leaving.signal).catch(() => undefined);
    await arrival;
    leaving.abort();
    await left;
    whenReady();
    expect((await send(app)).status).toBe(200);
    await app.settled();
    expect(app.provider.requests).toHaveLength(1);
    expect((await app.money()).held).toBe(0);
  });

  it.each(['tg.proxy', 'tg.fetch'])(
    'while something behind the guards is waited for, before %s sends anything, costs nothing',
    async (transport) => {
      let arrived = (): void => undefined;
      const arrival = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      app = await startApp({
        routes: (express, tg, provider) => {
          const to = openai({ apiKey: 'simulated', baseUrl: provider.openAiUrl });
          const handler: RequestHandler =
            transport === 'tg.proxy'
              ? tg.proxy({ provider: to })
              : (req, _res, next) => {
                  const options = {
                    method: 'POST',
                    headers: { 'content-type': 'application/json' },
                    body: JSON.stringify(req.body),
                  };
                  tg.fetch(`${provider.openAiUrl}/chat/completions`, options).catch(next);
                };
          const slow: RequestHandler = async (_req, res, next) => {
            arrived();
            await once(res, 'close');
            next();
          };
          express.post('/v1/chat/completions', slow, handler);
        },
      });
      const leaving = new AbortController();
      const left = send(app, leaving.signal).catch(() => undefined);
      await arrival;
      leaving.abort();
      await left;
      await app.settled();
      expect(await app.money()).toEqual({ used: 0, held: 0 });
      expect(app.provider.requests).toEqual([]);
    },
  );

  it('with pipelined requests still waiting for their turn leaves nothing behind', async () => {
    app = await startApp({ plan: { spend: '$1/day', concurrent: 20 } });
    app.provider.hold();
    const body = JSON.stringify(chat);
    const one = `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${app.key}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(one.repeat(5));
    await app.provider.waitFor(5);
    socket.resetAndDestroy();
    app.provider.release();
    await app.settled();
    expect(app.tg.inFlight).toBe(0);
    expect(await app.money()).toEqual({ used: priceOf(app.provider.accounts().billed), held: 0 });
  });
});

describe('a chain that forgot meter()', () => {
  it('calls no provider: a cap that nobody measures for would be a wish', async () => {
    const provider = await simulateProvider();
    const plans = definePlans({ test: { spend: '$0.001/day' } });
    const keys = memoryKeys();
    const { key } = keys.create({ tenant: 'acme', plan: 'test' });
    const app = express();
    app.use(authenticate({ keys }), jsonBody(), budget({ plans, store: memoryQuota() }));
    app.post(
      '/v1/chat/completions',
      proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) }),
    );
    const answer = await request(app)
      .post('/v1/chat/completions')
      .set('Authorization', `Bearer ${key}`)
      .send(chat);
    expect(answer.status).toBe(500);
    expect(provider.requests).toHaveLength(0);
    await provider.close();
  });
});

describe('a stream that ends properly but too early', () => {
  it('ends with an error event for the client', async () => {
    app = await startApp({ provider: { script: { end: { afterChunks: 2 } } } });
    const stream = await app.openai.chat.completions.create({
      model: 'gpt-5-mini',
      messages: [{ role: 'user', content: 'The sea?' }],
      stream: true,
    });
    const read = async () => {
      for await (const _ of stream);
    };
    await expect(read()).rejects.toMatchObject({ code: 'upstream_error' });
    await app.settled();
    expect(app.events).toMatchObject([{ outcome: 'error' }]);
  });
});
