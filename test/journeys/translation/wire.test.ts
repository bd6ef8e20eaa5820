import { afterEach, describe, expect, it } from '@jest/globals';
import type { RunningApp } from '../running-app.js';
import { chargedExactly, models, translatedApp } from './translated-app.js';

const text = 'Grüße aus Köln 👩‍🚀, tief und weit.';
const messages = [{ role: 'user' as const, content: 'Tell me of the sea.' }];

let app: RunningApp;
afterEach(() => app.close());

/** Ways in which a provider may send its answer. */
const framings = [
  { chunkBytes: 1 },
  { chunkBytes: 7, lineEnd: '\r\n' as const, comments: true },
  { chunkBytes: 5, lineEnd: '\r' as const, dataSpace: false },
  { multiLineData: true, pingEvery: 2 },
  { hugeLineBytes: 300_000, chunkBytes: 16_384 },
  { gzip: true },
];

describe.each(framings)('a translated answer that is sent as %j', (framing) => {
  it.each([models.anthropic, models.gemini])('reaches an OpenAI client whole, from %s', async (model) => {
    app = await translatedApp({ provider: { script: { text, ...framing } } });
    const whole = await app.openai.chat.completions.create({ model, messages });
    const stream = await app.openai.chat.completions.stream({ model, messages }).finalChatCompletion();
    for (const { choices } of [whole, stream]) {
      expect(choices[0]).toMatchObject({ message: { content: text }, finish_reason: 'stop' });
    }
    await chargedExactly(app, model);
  });

  it.each([models.openai, models.gemini])('reaches an Anthropic client whole, from %s', async (model) => {
    app = await translatedApp({ provider: { script: { text, ...framing } } });
    const ask = { model, max_tokens: 100, messages };
    const whole = await app.anthropic.messages.create(ask);
    const stream = await app.anthropic.messages.stream(ask).finalMessage();
    for (const answer of [whole, stream]) {
      expect(answer).toMatchObject({ content: [{ type: 'text', text }], stop_reason: 'end_turn' });
    }
    await chargedExactly(app, model);
  });
});

describe('a request that is translated', () => {
  it.each([
    [{ max_tokens: 1, max_completion_tokens: 100_000 }, 'max_tokens'],
    [{ max_completion_tokens: 1e300 }, 'max_completion_tokens'],
    [{ n: 128 }, 'n'],
    [{ service_tier: 'priority' }, 'service_tier'],
    [{ api_base: 'http://127.0.0.1:1' }, 'api_base'],
    [{ fallbacks: ['gpt-5'] }, 'fallbacks'],
    [{ messages: [{ ...messages[0], extra_headers: {} }] }, 'messages[0].extra_headers'],
    [{ tools: [{ type: 'web_search' }] }, 'tools[0].type'],
    [
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://a.example/b.png' } }] },
        ],
      },
      undefined,
    ],
  ])('is refused %j as before: nothing is sent, nothing held', async (more, param) => {
    app = await translatedApp();
    const response = await fetch(`${app.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${app.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: models.anthropic, messages, ...more }),
    });
    expect(response.status).toBe(400);
    const { error } = JSON.parse(await response.text());
    expect(error).toMatchObject(param === undefined ? { code: 'unsupported_parameter' } : { param });
    await app.settled();
    expect(app.provider.requests).toHaveLength(0);
    expect(await app.money()).toEqual({ used: 0, held: 0 });
  });

  it('is held at the price of the model that answers, with the cap that the plan gives', async () => {
    app = await translatedApp({ plan: { spend: '$1/day', maxOutputTokens: 300 } });
    app.provider.hold();
    const answer = app.openai.chat.completions.create({ model: models.anthropic, messages });
    await app.provider.waitFor(1);
    const { held } = await app.money();
    app.provider.release();
    await answer;
    expect(app.provider.requests[0]?.body).toMatchObject({ max_tokens: 300 });
    // Haiku: $5 a million of output, $1 of input and at most $2 of it written to a cache; the body has some 120 bytes.
    expect(held).toBeGreaterThan(300 * 5_000);
    expect(held).toBeLessThan(300 * 5_000 + 2_000 * 1_000);
    await chargedExactly(app, models.anthropic);
  });
});
