import { GoogleGenAI } from '@google/genai';
import { afterEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { resilience, resilient } from 'tollgate';
import { type RunningApp, startApp } from './running-app.js';
import { chargedExactly, models, translatedApp } from './translation/translated-app.js';

const content = 'Tell me of the sea.';
const messages = [{ role: 'user' as const, content }];
const temperature = 0;

let app: RunningApp;
afterEach(() => app.close());

/** What each client reads out of an answer, whole and streamed. */
const clients: Record<string, (model: string) => Promise<[whole: string, streamed: string]>> = {
  OpenAI: async (model) => {
    const whole = await app.openai.chat.completions.create({ model, messages, temperature });
    let streamed = '';
    const stream = await app.openai.chat.completions.create({ model, messages, temperature, stream: true });
    for await (const { choices } of stream) streamed += choices[0]?.delta.content ?? '';
    return [whole.choices[0]?.message.content ?? '', streamed];
  },
  Anthropic: async (model) => {
    const asked = { model, messages, temperature, max_tokens: 100 };
    const whole = await app.anthropic.messages.create(asked);
    const streamed = await app.anthropic.messages.stream(asked).finalMessage();
    const textOf = (answer: typeof whole): string =>
      answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
    return [textOf(whole), textOf(streamed)];
  },
  Gemini: async (model) => {
    const client = new GoogleGenAI({ apiKey: app.key, httpOptions: { baseUrl: app.url } });
    const asked = { model, contents: content, config: { temperature, maxOutputTokens: 100 } };
    const whole = await client.models.generateContent(asked);
    let streamed = '';
    for await (const { text } of await client.models.generateContentStream(asked)) streamed += text ?? '';
    return [whole.text ?? '', streamed];
  },
};

describe('answers paid for, in the format of whoever asks', () => {
  const ways = Object.keys(clients).flatMap((client) =>
    [models.openai, models.anthropic, models.gemini].map((model) => [client, model] as const),
  );

  it.each(ways)('the official %s client, answered by %s', async (client, model) => {
    app = await translatedApp({
      options: { cache: true },
      provider: { script: { text: 'Deep and wide, and blue.' } },
    });
    const ask = clients[client] as (typeof clients)[string];
    expect(await ask(model)).toEqual(['Deep and wide, and blue.', 'Deep and wide, and blue.']);
    await app.settled();
    expect(app.provider.requests).toHaveLength(2);
    app.provider.script({ text: 'Something else.' });
    expect(await ask(model)).toEqual(['Deep and wide, and blue.', 'Deep and wide, and blue.']);
    await chargedExactly(app, model);
    expect(app.provider.requests).toHaveLength(2);
    expect(app.events).toHaveLength(2);
  });
});

describe('answers paid for, to an SDK behind resilient()', () => {
  it('leave a breaker as it was, and its provider unasked', async () => {
    const state = resilience({
      retries: false,
      breaker: { minimumCalls: 2, threshold: 0.4, openMs: 60_000 },
    });
    app = await startApp({ options: { cache: true } });
    const fetch = resilient(app.tg.fetch, state);
    const client = new OpenAI({ apiKey: 'x', baseURL: app.provider.openAiUrl, fetch, maxRetries: 0 });
    const caller = { id: 'w', tenant: 'acme', plan: 'test', scopes: [], labels: {} };
    const ask = (seed: number): Promise<unknown> =>
      app.tg.runWith(caller, async () => {
        const answer = await client.chat.completions.create({ model: 'gpt-5-mini', messages, seed });
        return answer.choices[0]?.message.content;
      });
    const first = await ask(1);
    for (const _ of [1, 2, 3]) expect(await ask(1)).toBe(first);
    expect(app.provider.requests).toHaveLength(1);
    app.provider.script({ status: 500 });
    await expect(ask(2)).rejects.toMatchObject({ status: 500 });
    // One of two has failed: had the answers from the cache counted as the provider's, it would be one of five.
    await expect(ask(3)).rejects.toMatchObject({ status: 503 });
    expect(app.provider.requests).toHaveLength(2);
  });
});
