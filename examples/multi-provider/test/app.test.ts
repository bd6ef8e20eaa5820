import { once } from 'node:events';
import type { Server } from 'node:http';
import Anthropic from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { callbackSink, memoryKeys, type Tollgate, type UsageEvent } from 'tollgate';
import { createApp } from '../src/app.js';
import { type Providers, startProviders } from '../src/providers.js';

const messages = [{ role: 'user' as const, content: 'Tell me of the sea.' }];
const models = ['gpt-5-mini', 'claude-haiku-4-5', 'gemini-2.5-flash'];

describe('one client API in front of three providers', () => {
  let providers: Providers;
  let tg: Tollgate;
  let server: Server;
  let events: UsageEvent[];
  let openai: OpenAI;
  let proKey: string;
  let anthropic: Anthropic;

  beforeEach(async () => {
    providers = await startProviders();
    events = [];
    const keys = memoryKeys();
    const { key } = keys.create({ tenant: 'acme', plan: 'free' });
    proKey = keys.create({ tenant: 'big', plan: 'pro', scopes: ['tasks'] }).key;
    const made = createApp({
      keys,
      sinks: [callbackSink((event) => void events.push(event))],
      providers: providers.providers,
    });
    tg = made.tg;
    server = made.app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    openai = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 });
    anthropic = new Anthropic({ apiKey: key, baseURL: url, maxRetries: 0 });
  });
  afterEach(async () => {
    await tg.close();
    server.closeAllConnections();
    server.close();
    await providers.close();
  });

  it.each(models)(
    '%s answers every kind of client, each event with its own provider and price',
    async (model) => {
      const chat = await openai.chat.completions.create({ model, messages });
      expect(chat.choices[0]).toMatchObject({
        finish_reason: 'stop',
        message: { content: expect.any(String) },
      });
      const response = await openai.responses.create({ model, input: 'Tell me of the sea.' });
      expect(response).toMatchObject({ status: 'completed', output_text: expect.stringMatching(/\w/) });
      const message = await anthropic.messages.stream({ model, max_tokens: 100, messages }).finalMessage();
      expect(message).toMatchObject({ stop_reason: 'end_turn', content: [{ type: 'text' }] });
      while (tg.inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
      const provider = { gpt: 'openai', claude: 'anthropic', gemini: 'google' }[model.split('-')[0] ?? ''];
      expect(events).toMatchObject([
        { model, provider, source: 'provider', stream: false },
        { model, provider, source: 'provider', stream: false },
        { model, provider, source: 'provider', stream: true },
      ]);
      expect(events.every(({ costNanoUsd }) => Number(costNanoUsd) > 0)).toBe(true);
    },
  );

  it('refuses a model that the plan does not include, at whichever provider it is', async () => {
    const refused = openai.chat.completions.create({ model: 'claude-opus-4-5', messages });
    await expect(refused).rejects.toMatchObject({ status: 403, code: 'model_not_allowed' });
  });

  const ask = (content: string, apiKey = openai.apiKey, headers = {}) =>
    openai
      .withOptions({ apiKey })
      .chat.completions.create({ model: 'auto', messages: [{ role: 'user', content }] }, { headers })
      .withResponse();

  it.each([
    ['What is the capital of Norway?', 'simple', 'google/gemini-2.5-flash-lite'],
    ['Extract all names from this letter: …', 'extraction', 'google/gemini-2.5-flash-lite'],
    ['Write unit tests for this TypeScript function', 'code', 'anthropic/claude-haiku-4-5'],
    ['Compare both strategies step by step', 'reasoning', 'anthropic/claude-haiku-4-5'],
  ])('leaves the choice to the app: %s', async (content, task, target) => {
    const { data, response } = await ask(content);
    expect(response.headers.get('x-tollgate-route')).toBe(
      `${target};task=${task};by=classifier;why=cheapest`,
    );
    expect(target).toBe(`${target.split('/')[0]}/${data.model}`);
    while (tg.inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(events).toMatchObject([
      { requestedModel: 'auto', model: data.model, labels: { task }, source: 'provider' },
    ]);
    expect(Number(events[0]?.costNanoUsd)).toBeGreaterThan(0);
    expect(Number(response.headers.get('x-tollgate-cost'))).toBe(Number(events[0]?.costNanoUsd) / 1e9);
  });

  it('lets callers name the task whose scopes allow it', async () => {
    const { response } = await ask('Hello', proKey, { 'x-task': 'code' });
    expect(response.headers.get('x-tollgate-route')).toContain('task=code;by=header');
    const other = await ask('Hello', undefined, { 'x-task': 'code' });
    expect(other.response.headers.get('x-tollgate-route')).toContain('task=simple;by=classifier');
  });

  it('takes the best model where it must and the plan includes it, and refuses where the plan does not', async () => {
    providers.fail('anthropic');
    const content = 'Compare both strategies step by step';
    const { response } = await ask(content, proKey);
    expect(response.headers.get('x-tollgate-route')).toMatch(
      /^anthropic\/claude-haiku-4-5;status=500.*, openai\/gpt-5;task=reasoning/,
    );
    await expect(ask(content)).rejects.toMatchObject({ status: 502 });
  });
});
