import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createParser } from 'eventsource-parser';
import OpenAI from 'openai';
import { type Script, type SimulatedProvider, simulateProvider } from '../src/index.js';

const framings: Script[] = [
  { lineEnd: '\r\n' },
  { lineEnd: '\r' },
  { comments: true },
  { dataSpace: false },
  { multiLineData: true },
  { obfuscation: true },
  { hugeLineBytes: 100_000 },
  { chunkBytes: 1, tokens: 5 },
  { splitAt: [1, 7, 300, 301] },
  { gzip: true },
  { gzip: true, chunkBytes: 50 },
  { slowDripMs: 1, chunkBytes: 500 },
];

describe('framing', () => {
  let provider: SimulatedProvider;
  let client: OpenAI;
  beforeAll(async () => {
    provider = await simulateProvider();
    client = new OpenAI({ apiKey: 'sk-test', baseURL: provider.openAiUrl, maxRetries: 0 });
  });
  afterEach(() => provider.reset());
  afterAll(() => provider.close());

  const body = {
    model: 'gpt-5-mini',
    messages: [{ role: 'user' as const, content: 'Grüße an 東京' }],
    stream: true as const,
  };
  const stream = () =>
    fetch(`${provider.openAiUrl}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...body, stream_options: { include_usage: true } }),
    });

  it.each(framings)('says the same to a client, however it is framed: %j', async (script) => {
    provider.queue({ tokens: script.tokens ?? 24 }, script);
    const texts: string[] = [];
    for (let round = 0; round < 2; round++) {
      const response = await stream();
      let text = '';
      let usage: unknown;
      const parser = createParser({
        onEvent: ({ data }) => {
          if (data === '[DONE]') return;
          const chunk: OpenAI.ChatCompletionChunk = JSON.parse(data);
          text += chunk.choices[0]?.delta.content ?? '';
          usage = chunk.usage ?? usage;
        },
      });
      parser.feed(await response.text());
      parser.reset({ consume: true });
      texts.push(text);
      expect(usage).toMatchObject({ completion_tokens: script.tokens ?? 24 });
    }
    expect(texts[1]).toBe(texts[0]);
    expect(texts[0]).toContain('Grüße an 東京');
    expect(provider.requests.map((request) => request.producedTokens)).toEqual([
      script.tokens ?? 24,
      script.tokens ?? 24,
    ]);
    expect(provider.requests[1]?.reportedUsage).toMatchObject({ completion_tokens: script.tokens ?? 24 });
  });

  it.each([
    { chunkBytes: 1, tokens: 5 },
    { lineEnd: '\r\n', comments: true, multiLineData: true },
    { gzip: true },
  ] as const)('is understood by the official SDK: %j', async (script) => {
    provider.queue(script);
    let text = '';
    for await (const chunk of await client.chat.completions.create(body))
      text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toContain('Grüße an 東京'.slice(0, 5));
  });

  it('cuts at the given bytes, each part its own piece on the wire', async () => {
    provider.queue({ splitAt: [5, 10], tokens: 1 });
    const sizes: number[] = [];
    for await (const part of (await stream()).body ?? []) sizes.push(part.length);
    expect(sizes.slice(0, 2)).toEqual([5, 5]);
  });

  it('leaves out [DONE], and appends what does not belong', async () => {
    provider.queue({ done: false }, { trailing: 'garbage{' });
    expect(await (await stream()).text()).not.toContain('[DONE]');
    expect((await (await stream()).text()).endsWith('data: [DONE]\n\ngarbage{')).toBe(true);
  });

  it('pads every event where obfuscation was asked for', async () => {
    const response = await fetch(`${provider.openAiUrl}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...body, stream_options: { include_obfuscation: true } }),
    });
    const text = await response.text();
    expect(text.match(/"obfuscation":"x+"/g)?.length).toBe(text.match(/^data: \{/gm)?.length);
  });

  it('sends a 10 MB line', async () => {
    provider.queue({ hugeLineBytes: 10_000_000 });
    const lines = (await (await stream()).text()).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeGreaterThan(10_000_000);
  });

  it('really compresses', async () => {
    provider.queue({ gzip: true });
    const response = await stream();
    expect(response.headers.get('content-encoding')).toBe('gzip');
    const { request } = await import('undici');
    provider.queue({ gzip: true });
    const raw = await request(`${provider.openAiUrl}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    expect(gunzipSync(Buffer.from(await raw.body.arrayBuffer())).toString()).toContain('[DONE]');
  });
});
