import Anthropic from '@anthropic-ai/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
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

describe('an official SDK in a handler of one’s own', () => {
  it('is metered: one call, one usage event with what the provider reported', async () => {
    const { app, events, settled } = start((app) =>
      app.post('/summarize', async (_req, res) => {
        const answer = await openai.chat.completions.create({ model, messages });
        res.json({ text: answer.choices[0]?.message.content });
      }),
    );
    const answer = await request(app).post('/summarize').send({ text: 'Hello' });
    expect(answer.status).toBe(200);
    await settled(1);
    const { billed } = provider.accounts();
    expect(events).toMatchObject([
      {
        tenant: 'acme',
        plan: 'pro',
        route: '/summarize',
        provider: 'openai',
        model,
        inputTokens: billed.inputTokens,
        outputTokens: billed.outputTokens,
        source: 'provider',
        uncertain: false,
        outcome: 'ok',
        status: 200,
        stream: false,
        attempt: 1,
      },
    ]);
    // gpt-5-mini: 0.25 USD per million tokens of input, 2 USD of output.
    const nanoUsd = billed.inputTokens * 250 + billed.outputTokens * 2000;
    expect(events[0]?.costNanoUsd).toBe(String(nanoUsd));
  });

  it('streams, and the chunk with the usage that was asked for on its behalf does not reach it', async () => {
    const seen: OpenAI.ChatCompletionChunk[] = [];
    const { app, events, settled } = start((app) =>
      app.post('/chat', async (_req, res) => {
        const stream = await openai.chat.completions.create({ model, messages, stream: true });
        for await (const chunk of stream) seen.push(chunk);
        res.json({});
      }),
    );
    await request(app).post('/chat').send({}).expect(200);
    await settled(1);
    expect(seen.every((chunk) => !('usage' in chunk) && chunk.choices.length > 0)).toBe(true);
    expect(events[0]).toMatchObject({ stream: true, source: 'provider', outcome: 'ok' });
    expect(events[0]?.outputTokens).toBe(provider.accounts().billed.outputTokens);
    expect(events[0]?.timeToFirstTokenMs).toBeGreaterThanOrEqual(0);
  });

  it('gets the usage chunk where it asks for it', async () => {
    let usage: unknown;
    const { app, settled } = start((app) =>
      app.post('/chat', async (_req, res) => {
        const stream = await openai.chat.completions.create({
          model,
          messages,
          stream: true,
          stream_options: { include_usage: true },
        });
        for await (const chunk of stream) usage = chunk.usage ?? usage;
        res.json({});
      }),
    );
    await request(app).post('/chat').send({}).expect(200);
    await settled(1);
    expect(usage).toMatchObject({ completion_tokens: 24 });
  });

  it('may make many calls in one request: an agent loop of 20 is 20 usage events of one request', async () => {
    const { app, events, settled } = start((app) =>
      app.post('/agent', async (req, res) => {
        for (let turn = 0; turn < 20; turn += 1) {
          await openai.chat.completions.create({ model, messages, max_completion_tokens: 16 });
        }
        res.json({ requestId: req.tollgate.requestId });
      }),
    );
    const answer = await request(app).post('/agent').send({}).expect(200);
    await settled(20);
    expect(new Set(events.map((event) => event.requestId))).toEqual(new Set([answer.body.requestId]));
    expect(new Set(events.map((event) => event.eventId)).size).toBe(20);
    expect(new Set(events.map((event) => event.callId)).size).toBe(20);
    const sum = events.reduce((total, event) => total + event.outputTokens, 0);
    expect(sum).toBe(provider.accounts().billed.outputTokens);
  });

  it('may make calls in parallel, with tools, to several providers', async () => {
    const { app, events, settled } = start((app) =>
      app.post('/mix', async (_req, res) => {
        const tools = [{ name: 'weather', input_schema: { type: 'object' as const } }];
        await Promise.all([
          openai.chat.completions.create({ model, messages }),
          openai.responses.create({ model, input: 'Say hello' }),
          openai.embeddings.create({ model: 'text-embedding-3-small', input: 'hello' }),
          anthropic.messages.create({ model: 'claude-haiku-4-5', max_tokens: 64, messages, tools }),
          anthropic.messages.stream({ model: 'claude-haiku-4-5', max_tokens: 64, messages }).finalMessage(),
        ]);
        res.json({});
      }),
    );
    await request(app).post('/mix').send({}).expect(200);
    await settled(5);
    expect(events.map((event) => [event.provider, event.source, event.outcome]).sort()).toEqual([
      ['anthropic', 'provider', 'ok'],
      ['anthropic', 'provider', 'ok'],
      ['openai', 'provider', 'ok'],
      ['openai', 'provider', 'ok'],
      ['openai', 'provider', 'ok'],
    ]);
    const { billed } = provider.accounts();
    expect(events.reduce((sum, event) => sum + event.inputTokens, 0)).toBe(billed.inputTokens);
    expect(events.reduce((sum, event) => sum + event.outputTokens, 0)).toBe(billed.outputTokens);
  });

  it('retries as it pleases: a failed attempt costs nothing, and both are attempts of one call', async () => {
    provider.queue({ status: 503, retryAfterMs: 1 });
    const { app, events, settled } = start((app) =>
      app.post('/retry', async (_req, res) => {
        await openai.chat.completions.create({ model, messages });
        res.json({});
      }),
    );
    await request(app).post('/retry').send({}).expect(200);
    await settled(2);
    expect(
      events.map(({ attempt, status, outcome, costNanoUsd }) => ({ attempt, status, outcome, costNanoUsd })),
    ).toEqual([
      { attempt: 1, status: 503, outcome: 'error', costNanoUsd: '0' },
      { attempt: 2, status: 200, outcome: 'ok', costNanoUsd: events[1]?.costNanoUsd },
    ]);
    expect(events[0]?.callId).toBe(events[1]?.callId);
  });
});
