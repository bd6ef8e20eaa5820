import Anthropic from '@anthropic-ai/sdk';
import { afterEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { azureOnly, chat, type Journey, journey, messages } from './journey.js';

let open: Journey | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

const start = async (...args: Parameters<typeof journey>): Promise<Journey> => {
  open = await journey(...args);
  return open;
};

for (const version of [5, 4] as const) {
  describe(`proxy on Express ${version}`, () => {
    it('answers a chat completion as the provider wrote it', async () => {
      const { post, sim, seen } = await start({ express: version });
      const response = await post('/v1/chat/completions', chat);
      const body = await response.text();
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(body)));
      expect(JSON.parse(body).choices[0].message.content).toEqual(expect.any(String));
      expect(Buffer.concat(seen.chunks).toString()).toBe(body);
      expect(sim.requests).toHaveLength(1);
      expect(sim.requests[0]?.body).toEqual(chat);
      expect(seen.ends).toEqual([{ outcome: 'ok', status: 200, sent: true, last: true }]);
      expect(seen.contexts[0]?.calls.running.size).toBe(0);
    });

    it('serves the official OpenAI SDK: JSON, stream, responses, embeddings, models', async () => {
      const { url, ended, seen } = await start({ express: version });
      const client = new OpenAI({ apiKey: 'theirs', baseURL: `${url}/v1`, maxRetries: 0 });
      const whole = await client.chat.completions.create({
        ...chat,
        messages: [{ role: 'user', content: 'Hi' }],
      });
      expect(whole.usage?.completion_tokens).toBeGreaterThan(0);
      const stream = await client.chat.completions.create({
        ...chat,
        messages: [{ role: 'user', content: 'Hi' }],
        stream: true,
        stream_options: { include_usage: true },
      });
      let text = '';
      let tokens = 0;
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? '';
        tokens += chunk.usage?.completion_tokens ?? 0;
      }
      expect(text).toBe(whole.choices[0]?.message.content);
      expect(tokens).toBe(whole.usage?.completion_tokens);
      const answer = await client.responses.create({ model: 'gpt-5', input: 'Hi' });
      expect(answer.output_text).toEqual(expect.any(String));
      const vectors = await client.embeddings.create({ model: 'text-embedding-3-small', input: ['a', 'b'] });
      expect(vectors.data).toHaveLength(2);
      const list = await client.models.list();
      expect(list.data.length).toBeGreaterThan(0);
      await ended(4);
      expect(seen.ends.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok', 'ok']);
    });

    it('serves the official Anthropic SDK: JSON, stream, models', async () => {
      const { url, ended, seen } = await start({ express: version });
      const client = new Anthropic({ apiKey: 'theirs', baseURL: url, maxRetries: 0 });
      const body = { ...messages, messages: [{ role: 'user' as const, content: 'Hi' }] };
      const whole = await client.messages.create(body);
      expect(whole.usage.output_tokens).toBeGreaterThan(0);
      const streamed = await client.messages.stream(body).finalMessage();
      expect(streamed.content).toEqual(whole.content);
      expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
      const list = await client.models.list();
      expect(list.data.length).toBeGreaterThan(0);
      await ended(2);
      expect(seen.ends.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
    });
  });
}

describe('proxy', () => {
  it('sends Gemini calls to the path of their model, whole and streamed', async () => {
    const { post, sim } = await start();
    const body = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] };
    const whole = await post('/v1beta/models/gemini-2.5-flash:generateContent', body);
    expect(await whole.json()).toMatchObject({ usageMetadata: expect.anything() });
    const events = await post('/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse&key=x', body);
    expect(events.headers.get('content-type')).toBe('text/event-stream');
    expect(await events.text()).toContain('data: {');
    const parts = await post('/v1beta/models/gemini-2.5-flash:streamGenerateContent', body);
    expect(await parts.json()).toEqual(expect.any(Array));
    expect(sim.requests.map(({ url }) => url)).toEqual([
      '/v1beta/models/gemini-2.5-flash:generateContent',
      '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
      '/v1beta/models/gemini-2.5-flash:streamGenerateContent',
    ]);
  });

  it('sends Azure calls to the deployment of their model, with the api-version from code', async () => {
    const { post, sim } = await start({ providers: azureOnly });
    const response = await post('/v1/chat/completions?api-version=evil', { ...chat, model: 'gpt-5' });
    expect(response.status).toBe(200);
    await post('/openai/deployments/other/chat/completions', { messages: chat.messages });
    expect(sim.requests.map(({ url }) => url)).toEqual([
      '/openai/deployments/mine/chat/completions?api-version=2024-10-21',
      '/openai/deployments/other/chat/completions?api-version=2024-10-21',
    ]);
  });

  it('has the call settled before an answer that is not streamed is complete, unless that takes long', async () => {
    let settle = (): void => undefined;
    const store = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const { post, seen } = await start();
    let settled = 0;
    seen.onEnd = async () => {
      await Promise.resolve();
      settled += 1;
    };
    await post('/v1/chat/completions', chat);
    expect(settled).toBe(1);
    seen.onEnd = () => store;
    expect((await post('/v1/chat/completions', chat)).status).toBe(200);
    settle();
  });

  it('makes the official SDKs report what went wrong, before and within a stream', async () => {
    const { url, sim } = await start({ timeouts: { idleMs: 200 } });
    const client = new OpenAI({ apiKey: 'theirs', baseURL: `${url}/v1`, maxRetries: 0 });
    const read = async (stream: AsyncIterable<unknown>): Promise<number> => {
      let events = 0;
      for await (const _ of stream) events += 1;
      return events;
    };
    const body = {
      model: 'gpt-5',
      messages: [{ role: 'user' as const, content: 'Hi' }],
      stream: true as const,
    };
    sim.queue({ status: 500 }, { hang: { afterChunks: 3 } }, { hang: { afterBytes: 300 } });
    await expect(client.chat.completions.create(body)).rejects.toMatchObject({
      status: 502,
      code: 'upstream_error',
      requestID: expect.any(String),
    });
    await expect(client.chat.completions.create(body).then(read)).rejects.toMatchObject({
      code: 'upstream_timeout',
    });
    const other = new Anthropic({ apiKey: 'theirs', baseURL: url, maxRetries: 0 });
    const message = { ...messages, messages: body.messages, stream: true as const };
    await expect(other.messages.create(message).then(read)).rejects.toMatchObject({
      error: { type: 'error', error: { code: 'upstream_timeout' } },
    });
  });
});
