import { afterEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import type { RunningApp } from '../running-app.js';
import { chargedExactly, models, translatedApp } from './translated-app.js';

const tools: OpenAI.ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      parameters: { type: 'object', properties: { town: { type: 'string' } }, required: ['town'] },
    },
  },
];
const user = (content: string): OpenAI.ChatCompletionMessageParam => ({ role: 'user', content });

let app: RunningApp;
afterEach(() => app.close());

describe.each([
  ['Anthropic', models.anthropic, '/v1/messages'],
  ['Gemini', models.gemini, `/v1beta/models/${models.gemini}:`],
  ["OpenAI's responses", models.responses, '/v1/responses'],
])("the official OpenAI client, answered in %s's format", (_, model, path) => {
  it('gets text, the reason it ended and the usage that is charged', async () => {
    app = await translatedApp({
      provider: { script: { text: 'Deep and wide.', usage: { cachedInputTokens: 3 } } },
    });
    const messages = [{ role: 'system' as const, content: 'Be brief.' }, user('Tell me of the sea.')];
    const answer = await app.openai.chat.completions.create({ model, messages });
    expect(answer).toMatchObject({
      object: 'chat.completion',
      model,
      choices: [
        { index: 0, message: { role: 'assistant', content: 'Deep and wide.' }, finish_reason: 'stop' },
      ],
    });
    const { inputTokens, outputTokens } = app.provider.accounts().billed;
    expect(answer.usage).toMatchObject({
      prompt_tokens: inputTokens,
      completion_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
      prompt_tokens_details: { cached_tokens: 3 },
    });
    expect(app.provider.requests.map(({ url }) => url.startsWith(path))).toEqual([true]);
    await chargedExactly(app, model);
  });

  it('streams, with usage only where it is asked for', async () => {
    app = await translatedApp({ provider: { script: { text: 'Deep and wide, and blue.' } } });
    const messages = [user('Tell me of the sea.')];
    const plain: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of await app.openai.chat.completions.create({ model, messages, stream: true })) {
      plain.push(chunk);
    }
    expect(plain.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(
      'Deep and wide, and blue.',
    );
    expect(plain.filter(({ choices }) => choices[0]?.delta.content).length).toBeGreaterThan(3);
    expect(plain.at(-1)?.choices[0]?.finish_reason).toBe('stop');
    expect(plain.some((chunk) => 'usage' in chunk)).toBe(false);
    const stream = app.openai.chat.completions.stream({
      model,
      messages,
      stream_options: { include_usage: true },
    });
    const { usage } = await stream.finalChatCompletion();
    expect(usage?.completion_tokens).toBe(5);
    await chargedExactly(app, model);
  });

  it('calls tools over several turns, whole and streamed', async () => {
    app = await translatedApp({ provider: { script: { usage: { reasoningTokens: 7 } } } });
    const messages = [user('What is the weather in Oslo?')];
    const first = await app.openai.chat.completions.create({ model, messages, tools });
    const called = first.choices[0]?.message;
    const [call] = called?.tool_calls ?? [];
    expect(first.choices[0]?.finish_reason).toBe('tool_calls');
    expect(call).toMatchObject({
      type: 'function',
      function: { name: 'get_weather', arguments: expect.stringMatching(/^\{"town": ?"Oslo"\}$/) },
    });
    if (!called || !call) throw new Error('no call');
    messages.push(called, { role: 'tool', tool_call_id: call.id, content: '3 °C' });
    const second = await app.openai.chat.completions.create({ model, messages, tools });
    expect(second.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: expect.any(String) },
    });
    messages.push(
      { role: 'assistant', content: second.choices[0]?.message.content ?? '' },
      user('The weather in Rome?'),
    );
    const stream = app.openai.chat.completions.stream({ model, messages, tools });
    const third = await stream.finalChatCompletion();
    expect(third.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        tool_calls: [{ function: { name: 'get_weather', arguments: expect.stringContaining('Rome') } }],
      },
    });
    await chargedExactly(app, model);
  });

  it('sends images and gets structured output', async () => {
    app = await translatedApp();
    const schema = { type: 'object', properties: { town: { type: 'string' } }, required: ['town'] };
    const answer = await app.openai.chat.completions.create({
      model,
      max_completion_tokens: 100,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
            { type: 'text', text: 'Which town is it? Oslo' },
          ],
        },
      ],
      response_format: { type: 'json_schema', json_schema: { name: 'town', schema, strict: true } },
    });
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({ town: 'Oslo' });
    expect(JSON.stringify(app.provider.requests[0]?.body)).toContain('iVBORw0KGgo=');
    await chargedExactly(app, model);
  });

  it.each([false, true])('ends at its cap, with the reason for it (streamed: %s)', async (stream) => {
    app = await translatedApp();
    const ask = { model, max_completion_tokens: 5, messages: [user('Tell me of the sea.')] };
    let reason: string | null | undefined;
    if (stream) {
      for await (const { choices } of await app.openai.chat.completions.create({ ...ask, stream: true })) {
        reason = choices[0]?.finish_reason;
      }
    } else reason = (await app.openai.chat.completions.create(ask)).choices[0]?.finish_reason;
    expect(reason).toBe('length');
    await chargedExactly(app, model);
  });

  it('is told of errors in its own format, before an answer and in the middle of a stream', async () => {
    app = await translatedApp();
    const ask = { model, messages: [user('Tell me of the sea.')] };
    app.provider.queue({ status: 400 });
    const refused = await app.openai.chat.completions.create(ask).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(OpenAI.BadRequestError);
    expect(refused).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      message: expect.stringMatching(/invalid/i),
    });
    app.provider.queue({ errorEventAfterChunks: 4 });
    let chunks = 0;
    const broken = (async () => {
      for await (const _ of await app.openai.chat.completions.create({ ...ask, stream: true })) chunks += 1;
    })();
    await expect(broken).rejects.toBeInstanceOf(OpenAI.APIError);
    expect(chunks).toBeGreaterThan(0);
    await app.settled();
    expect(app.events.map(({ outcome }) => outcome)).toEqual(['error', 'error']);
    expect((await app.money()).held).toBe(0);
  });

  it('is told that a stream was cut, and never that it ended', async () => {
    app = await translatedApp();
    app.provider.queue({ end: { afterChunks: 4 } }, { reset: { afterChunks: 4 }, chunkDelayMs: 1 });
    const ask = { model, messages: [user('Tell me of the sea.')], stream: true as const };
    for (const _ of [1, 2]) {
      const broken = (async () => {
        for await (const chunk of await app.openai.chat.completions.create(ask)) {
          expect(chunk.choices[0]?.finish_reason ?? null).toBeNull();
        }
      })();
      await expect(broken).rejects.toMatchObject({ code: 'upstream_error' });
    }
    await app.settled();
    expect((await app.money()).held).toBe(0);
  });

  it('is refused by name what cannot be translated, before anything is reserved or sent', async () => {
    app = await translatedApp();
    const refused = app.openai.chat.completions.create({ model, messages: [user('Hi')], n: 3 });
    await expect(refused).rejects.toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'n' });
    await app.settled();
    expect(app.provider.requests).toHaveLength(0);
    expect(await app.money()).toEqual({ used: 0, held: 0 });
  });
});

describe.each([models.anthropic, models.gemini])('the official OpenAI client, answered by %s', (model) => {
  it('ends politely when the money is gone in the middle of a stream', async () => {
    app = await translatedApp({
      plan: { spend: '$0.002/day' },
      provider: { script: { tokens: 3_000, chunkDelayMs: 3, usage: { inputTokens: 2_000_000 } } },
    });
    const ask = {
      model,
      messages: [user('Tell me of the sea.')],
      stream: true as const,
    };
    let finish: string | null = null;
    for await (const chunk of await app.openai.chat.completions.create(ask)) {
      finish = chunk.choices[0]?.finish_reason ?? finish;
    }
    expect(finish).toBe('length');
    await app.settled();
    expect(app.events).toMatchObject([{ model, outcome: 'budget_stopped' }]);
  });
});
