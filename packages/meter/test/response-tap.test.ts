import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import type { RequestHandler } from 'express';
import request from 'supertest';
import { meteredApp } from './metered-app.js';

let provider: SimulatedProvider;
beforeAll(async () => {
  provider = await simulateProvider();
});
afterAll(() => provider.close());

const path = '/v1/chat/completions';
const body = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'hi' }], max_completion_tokens: 30 };

/** A proxy of a third party: pipes, and knows nothing of us. */
const thirdParty: RequestHandler = (req, res) => {
  const text = JSON.stringify(req.body);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'accept-encoding': req.headers['accept-encoding'],
  };
  const upstream = httpRequest(provider.url + req.url, { method: 'POST', headers }, (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(res);
    answer.on('close', () => void (answer.complete || res.destroy()));
  });
  upstream.on('error', () => res.destroy());
  upstream.end(text);
};

const tapped = () => meteredApp((app) => app.post(path, thirdParty), { tap: 'response' });

describe('the response tap', () => {
  it('reads the usage of a proxy of a third party, whose bytes pass unchanged', async () => {
    for (const stream of [false, true]) {
      provider.reset();
      const { app, events, settled } = tapped();
      const asked = { ...body, stream, ...(stream && { stream_options: { include_usage: true } }) };
      const answer = await request(app).post(path).send(asked).expect(200).buffer(true);
      await settled(1);
      const { billed } = provider.accounts();
      expect(events).toMatchObject([
        {
          source: 'provider',
          inputTokens: billed.inputTokens,
          outputTokens: billed.outputTokens,
          outcome: 'ok',
          status: 200,
        },
      ]);
      if (stream) expect(answer.text).toContain('[DONE]');
      else expect(answer.body.usage.completion_tokens).toBe(billed.outputTokens);
    }
  });

  it('asks for a plain answer, and reads one that comes encoded all the same', async () => {
    provider.reset();
    provider.queue({ gzip: true });
    const { app, events, settled } = tapped();
    const answer = await request(app).post(path).send(body).expect(200);
    await settled(1);
    expect(provider.requests[0]?.headers['accept-encoding']).toBe('identity');
    expect(answer.body.usage.completion_tokens).toBe(events[0]?.outputTokens);
    expect(events[0]?.source).toBe('provider');
  });

  it('charges nothing for an error of the provider, and what was seen of an answer that breaks off', async () => {
    provider.reset();
    provider.queue({ status: 500 }, { reset: { afterChunks: 8 }, chunkDelayMs: 2 });
    const { app, events, settled } = tapped();
    await request(app).post(path).send(body).expect(500);
    await request(app)
      .post(path)
      .send({ ...body, stream: true })
      .catch(() => undefined);
    await settled(1);
    expect(events).toMatchObject([{ source: 'estimated', uncertain: true }]);
    expect(events[0]?.outcome).not.toBe('ok');
    expect(events[0]?.outputTokens).toBeGreaterThan(0);
  });

  it('counts nothing where the call was made through the pipeline', async () => {
    provider.reset();
    const metered = meteredApp(
      (app) =>
        app.post(path, async (req, res) => {
          const sent = JSON.stringify(req.body);
          const answer = await req.tollgate.fetch(provider.url + path, { method: 'POST', body: sent });
          res.json(await answer.json());
        }),
      { tap: 'response' },
    );
    await request(metered.app).post(path).send(body).expect(200);
    await metered.settled(1);
    expect(metered.events).toHaveLength(1);
    expect(metered.events[0]?.outputTokens).toBe(provider.accounts().billed.outputTokens);
  });

  it('keeps back-pressure: what res.write returns is what the proxy sees', async () => {
    const returned: boolean[] = [];
    const metered = meteredApp(
      (app) =>
        app.post(path, (_req, res) => {
          res.writeHead(200, { 'content-type': 'application/json' });
          returned.push(res.write(Buffer.alloc(4_000_000, 0x20)));
          res.end('{}');
        }),
      { tap: 'response' },
    );
    await request(metered.app).post(path).send(body).expect(200);
    expect(returned).toEqual([false]);
  });
});
