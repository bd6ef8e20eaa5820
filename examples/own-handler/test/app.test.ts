import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import type { Express } from 'express';
import request from 'supertest';
import { callbackSink, memoryKeys, type Tollgate, type UsageEvent } from 'tollgate';
import { createApp } from '../src/app.js';

describe('an app with its own routes', () => {
  let provider: SimulatedProvider;
  let app: Express;
  let tg: Tollgate;
  let events: UsageEvent[];
  let key: string;

  beforeEach(async () => {
    provider = await simulateProvider();
    events = [];
    const keys = memoryKeys();
    key = keys.create({ tenant: 'acme', user: 'ann', plan: 'pro', scopes: ['summarize'] }).key;
    ({ app, tg } = createApp({
      keys,
      sinks: [callbackSink((event) => void events.push(event))],
      openaiBaseUrl: provider.openAiUrl,
      anthropicBaseUrl: provider.url,
      openaiApiKey: 'simulated',
      anthropicApiKey: 'simulated',
    }));
  });
  afterEach(async () => {
    await tg.close();
    await provider.close();
  });

  const post = (path: string, body: object) =>
    request(app).post(path).set('Authorization', `Bearer ${key}`).send(body);
  const settled = async () => {
    while (tg.inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
  };

  it('summarises, charged to the route and its user', async () => {
    const { status, body } = await post('/summarize', { text: 'The sea is wide.' });
    expect(status).toBe(200);
    expect(body.summary).toBeTruthy();
    await settled();
    expect(events).toMatchObject([
      { route: '/summarize', user: 'ann', model: 'gpt-5-mini', source: 'provider' },
    ]);
    expect(events[0]?.charges.map(({ counter }) => counter).sort()).toEqual([
      `usd/day/tenant=acme/key=${events[0]?.keyId}`,
      'usd/day/tenant=acme/route=%2Fsummarize/user=ann',
    ]);
  });

  it('runs an agent loop: every call is an event of the same request', async () => {
    const { body } = await post('/agent', {
      question: 'What is the weather in Paris? Use the tool get_weather.',
    });
    expect(body.calls).toBeGreaterThanOrEqual(2);
    await settled();
    expect(events).toHaveLength(body.calls);
    expect(new Set(events.map(({ requestId }) => requestId)).size).toBe(1);
    expect(new Set(events.map(({ callId }) => callId)).size).toBe(body.calls);
  });

  it("streams with Anthropic's SDK", async () => {
    const { text } = await post('/translate', { text: 'The sea is wide.' });
    expect(text.length).toBeGreaterThan(5);
    await settled();
    expect(events).toMatchObject([
      { provider: 'anthropic', stream: true, outcome: 'ok', source: 'provider' },
    ]);
  });

  it('charges what a handler records', async () => {
    await post('/transcribe', {});
    await settled();
    expect(events).toMatchObject([{ model: 'gpt-4o-mini', inputTokens: 420, outputTokens: 96 }]);
  });
});
