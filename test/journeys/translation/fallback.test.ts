import { afterEach, describe, expect, it } from '@jest/globals';
import type { ProxyHandler } from '@tollgate/upstream';
import { anthropic, gemini, openai, proxy, resilience } from 'tollgate';
import { type RunningApp, startApp } from '../running-app.js';

const messages = [{ role: 'user' as const, content: 'Tell me of the sea.' }];

let app: RunningApp;
afterEach(() => app.close());

/** An app in which each model has a fallback at a provider of another format. */
async function start(): Promise<void> {
  let passOn: ProxyHandler | undefined;
  app = await startApp({
    options: { meter: { dispatch: (outgoing) => passOn?.dispatch(outgoing) ?? outgoing } },
    routes: (express, _tg, provider) => {
      const first = openai({ apiKey: 'a', baseUrl: provider.openAiUrl, models: ['gpt-*'] });
      const second = anthropic({ apiKey: 'b', baseUrl: provider.url, models: ['claude-*'] });
      const third = gemini({ apiKey: 'c', baseUrl: provider.url, models: ['gemini-*'] });
      const fallbacks = {
        'gpt-5': [{ provider: second, model: 'claude-haiku-4-5' }],
        'claude-haiku-4-5': [{ provider: third, model: 'gemini-2.5-flash' }],
      };
      passOn = proxy({
        translate: true,
        providers: [first, second, third],
        resilience: resilience({ retries: { perTarget: 1 }, fallbacks, breaker: false }),
      });
      express.post('/v1/chat/completions', passOn);
      express.post('/v1/messages', passOn);
    },
  });
}

describe('a fallback to a provider of another format', () => {
  it.each([
    ['gpt-5', 'claude-haiku-4-5'],
    ['claude-haiku-4-5', 'gemini-2.5-flash'],
  ])(
    'from %s to %s answers in the format of the client, each attempt charged as what it was',
    async (asked, answered) => {
      await start();
      app.provider.queue({ status: 500 }, {}, { status: 500 }, {});
      const chat = await app.openai.chat.completions.create({ model: asked, messages });
      expect(chat).toMatchObject({ object: 'chat.completion', model: answered });
      const ask = { model: asked, max_tokens: 50, messages };
      const message = await app.anthropic.messages.stream(ask).finalMessage();
      expect(message).toMatchObject({ type: 'message', model: answered, content: [{ type: 'text' }] });
      await app.settled();
      expect(
        app.events.map(({ attempt, model, requestedModel }) => [attempt, model, requestedModel]),
      ).toEqual([
        [1, asked, asked],
        [2, answered, asked],
        [1, asked, asked],
        [2, answered, asked],
      ]);
      expect(app.events.map(({ costNanoUsd }) => costNanoUsd === '0')).toEqual([true, false, true, false]);
      const used = app.events.reduce((sum, { costNanoUsd }) => sum + Number(costNanoUsd), 0);
      expect(await app.money()).toEqual({ used, held: 0 });
    },
  );

  it('that cannot express the request is no way: the client is told of the first failure', async () => {
    await start();
    app.provider.queue({ status: 500 });
    const request = app.openai.chat.completions.create(
      { model: 'gpt-5', messages, seed: 7 },
      { maxRetries: 0 },
    );
    await expect(request).rejects.toMatchObject({ status: 502, code: 'upstream_error' });
    await app.settled();
    expect(app.provider.requests).toHaveLength(1);
    expect((await app.money()).held).toBe(0);
  });
});
