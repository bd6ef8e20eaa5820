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
  let anthropic: Anthropic;

  beforeEach(async () => {
    providers = await startProviders();
    events = [];
    const keys = memoryKeys();
    const { key } = keys.create({ tenant: 'acme', plan: 'free' });
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
    '%s answers both kinds of clients, each event with its own provider and price',
    async (model) => {
      const chat = await openai.chat.completions.create({ model, messages });
      expect(chat.choices[0]).toMatchObject({
        finish_reason: 'stop',
        message: { content: expect.any(String) },
      });
      const message = await anthropic.messages.stream({ model, max_tokens: 100, messages }).finalMessage();
      expect(message).toMatchObject({ stop_reason: 'end_turn', content: [{ type: 'text' }] });
      while (tg.inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
      const provider = { gpt: 'openai', claude: 'anthropic', gemini: 'google' }[model.split('-')[0] ?? ''];
      expect(events).toMatchObject([
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
});
