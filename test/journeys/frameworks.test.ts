import { createOpenAI } from '@ai-sdk/openai';
import fastifyExpress from '@fastify/express';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ChatOpenAI } from '@langchain/openai';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { generateText, streamText } from 'ai';
import Fastify from 'fastify';
import {
  type Caller,
  callbackSink,
  memoryKeys,
  memoryQuota,
  openai,
  resilient,
  type Tollgate,
  tollgate,
  type UsageEvent,
} from 'tollgate';

const worker: Caller = { id: 'w', tenant: 'acme', plan: 'worker', scopes: [], labels: {} };
const prompt = 'Tell me of the sea.';

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

let provider: SimulatedProvider;
let tg: Tollgate;
let events: UsageEvent[];
beforeEach(async () => {
  provider = await simulateProvider();
  events = [];
  const store = memoryQuota({ sinks: [callbackSink((event) => void events.push(event))] });
  tg = tollgate({ plans: { worker: { spend: '$0.02/day' } }, keys: memoryKeys(), store });
});
afterEach(async () => {
  await tg.close();
  await provider.close();
});

const steady = () => resilient(tg.fetch, { retries: { baseMs: 1 } });
const attempts = () => events.map(({ attempt, status, outputTokens }) => [attempt, status, outputTokens > 0]);
const failedOnce = [
  [1, 503, false],
  [2, 200, true],
];

describe('LangChain', () => {
  const model = () =>
    new ChatOpenAI({
      model: 'gpt-5-mini',
      apiKey: 'a',
      configuration: { baseURL: provider.openAiUrl, fetch: steady() },
      maxRetries: 0,
    });

  it('calls models through the wrapper: metered, tried again, and charged to the budget', async () => {
    provider.queue({ status: 503 });
    const answer = await tg.runWith(worker, () => model().invoke(prompt));
    expect(String(answer.content).length).toBeGreaterThan(10);
    expect(attempts()).toEqual(failedOnce);
    expect(events[1]).toMatchObject({ tenant: 'acme', model: 'gpt-5-mini', outcome: 'ok' });
  });

  it('streams through it', async () => {
    const text = await tg.runWith(worker, async () => {
      let read = '';
      for await (const chunk of await model().stream(prompt)) read += String(chunk.content);
      return read;
    });
    expect(text.length).toBeGreaterThan(10);
    expect(events).toMatchObject([{ stream: true, source: 'provider', outcome: 'ok' }]);
  });

  it('is told when the money is gone', async () => {
    const spend = () => tg.runWith(worker, () => model().invoke(prompt.repeat(2_000)));
    await expect(
      (async () => {
        for (let call = 0; call < 20; call += 1) await spend();
      })(),
    ).rejects.toMatchObject({ status: 402 });
  });
});

describe('the Vercel AI SDK', () => {
  const model = () =>
    createOpenAI({ apiKey: 'a', baseURL: provider.openAiUrl, fetch: steady() }).chat('gpt-5-mini');

  it('calls models through the wrapper: metered, tried again, and charged to the budget', async () => {
    provider.queue({ status: 503 });
    const { text } = await tg.runWith(worker, () => generateText({ model: model(), prompt, maxRetries: 0 }));
    expect(text.length).toBeGreaterThan(10);
    expect(attempts()).toEqual(failedOnce);
  });

  it('streams through it', async () => {
    const text = await tg.runWith(worker, async () => {
      let read = '';
      for await (const part of streamText({ model: model(), prompt, maxRetries: 0 }).textStream) read += part;
      return read;
    });
    expect(text.length).toBeGreaterThan(10);
    expect(events).toMatchObject([{ stream: true, source: 'provider', outcome: 'ok' }]);
  });
});

describe('Fastify, with its Express plug-in', () => {
  const chat = { model: 'gpt-5-mini', max_tokens: 20, messages: [{ role: 'user', content: prompt }] };

  it('meters requests, also those that it injects without a connection, and holds nothing of them afterwards', async () => {
    const keys = memoryKeys();
    const { key } = keys.create({ tenant: 'acme', plan: 'worker' });
    await tg.close();
    const store = memoryQuota({ sinks: [callbackSink((event) => void events.push(event))] });
    tg = tollgate({ plans: { worker: { spend: '$0.02/day' } }, keys, store });
    const app = Fastify();
    await app.register(fastifyExpress);
    app.use('/usage', tg.usage());
    app.use('/v1', tg.guards());
    app.use('/v1', tg.proxy({ provider: openai({ apiKey: 'a', baseUrl: provider.openAiUrl }) }));
    app.use(tg.errors());
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const sent = { method: 'POST' as const, headers };
    const answer = await fetch(`${url}/v1/chat/completions`, { ...sent, body: JSON.stringify(chat) });
    expect(answer.status).toBe(200);
    const injected = await app.inject({ ...sent, url: '/v1/chat/completions', payload: chat });
    expect(injected.statusCode).toBe(200);
    await until(() => events.length === 2);
    const usage = (await (await fetch(`${url}/usage`, { headers })).json()) as { limits: { held: string }[] };
    expect(usage.limits.map(({ held }) => Number(held))).toEqual([0]);
    await until(() => tg.inFlight === 0);
    await app.close();
  });
});
