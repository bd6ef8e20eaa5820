import { type GenerateContentResponse, GoogleGenAI, Type } from '@google/genai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import { type SimulatedProvider, simulateProvider } from '../src/index.js';

describe('Gemini', () => {
  let provider: SimulatedProvider;
  let client: GoogleGenAI;
  const model = 'gemini-2.5-flash';
  beforeAll(async () => {
    // The SDK looks for Node's dispatcher on globalThis, which inside Jest is not Node's own.
    Reflect.set(globalThis, Symbol.for('undici.globalDispatcher.1'), new Agent());
    provider = await simulateProvider();
    client = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: provider.url } });
  });
  afterEach(() => provider.reset());
  afterAll(() => provider.close());

  it('generates content', async () => {
    const answer = await client.models.generateContent({ model, contents: 'Why is the sky blue?' });
    expect(answer.text).toContain('Why is the sky blue');
    expect(answer.candidates?.[0]?.finishReason).toBe('STOP');
    expect(answer.usageMetadata).toMatchObject({
      promptTokenCount: 11,
      candidatesTokenCount: 24,
      totalTokenCount: 35,
    });
    expect(provider.requests[0]).toMatchObject({ api: 'gemini', model, stream: false });
  });

  it('streams with usage on every chunk, growing', async () => {
    const chunks: GenerateContentResponse[] = [];
    for await (const chunk of await client.models.generateContentStream({ model, contents: 'Stream' }))
      chunks.push(chunk);
    const counts = chunks.map((chunk) => chunk.usageMetadata?.candidatesTokenCount ?? 0);
    expect(counts).toEqual(Array.from({ length: 24 }, (_, index) => index + 1));
    expect(
      chunks
        .map((chunk) => chunk.text)
        .join('')
        .split(' '),
    ).toHaveLength(24);
    expect(chunks.at(-1)?.candidates?.[0]?.finishReason).toBe('STOP');
  });

  it('counts thoughts beside candidates, and every candidate', async () => {
    provider.script({ usage: { reasoningTokens: 10, inputTokens: 90, cachedInputTokens: 64 } });
    const config = { candidateCount: 2, maxOutputTokens: 15 };
    const answer = await client.models.generateContent({ model, contents: 'Two', config });
    expect(answer.candidates).toHaveLength(2);
    expect(answer.candidates?.[0]?.finishReason).toBe('MAX_TOKENS');
    expect(answer.usageMetadata).toMatchObject({
      thoughtsTokenCount: 20,
      candidatesTokenCount: 10,
      cachedContentTokenCount: 64,
      totalTokenCount: 120,
    });
    let last: GenerateContentResponse | undefined;
    for await (const chunk of await client.models.generateContentStream({ model, contents: 'Two', config }))
      last = chunk;
    expect(last?.usageMetadata).toMatchObject({ thoughtsTokenCount: 20, candidatesTokenCount: 10 });
    expect(provider.requests.map((request) => request.billed.outputTokens)).toEqual([30, 30]);
  });

  it('calls a function', async () => {
    const functionDeclarations = [
      { name: 'get_weather', parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } } } },
    ];
    const answer = await client.models.generateContent({
      model,
      contents: 'Weather in Lima?',
      config: { tools: [{ functionDeclarations }] },
    });
    expect(answer.functionCalls).toMatchObject([{ name: 'get_weather', args: { city: 'Lima' } }]);
  });

  it('streams a JSON array without alt=sse', async () => {
    const response = await fetch(`${provider.url}/v1beta/models/${model}:streamGenerateContent?key=test`, {
      method: 'POST',
      body: JSON.stringify({ contents: [{ parts: [{ text: 'Array' }] }] }),
    });
    const chunks: GenerateContentResponse[] = JSON.parse(await response.text());
    expect(chunks).toHaveLength(24);
    expect(chunks.at(-1)?.usageMetadata?.candidatesTokenCount).toBe(24);
  });

  it('fails with its own error bodies', async () => {
    provider.queue({ status: 429 });
    const failure = await client.models
      .generateContent({ model, contents: 'x' })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 429 });
    expect(String(failure)).toContain('RESOURCE_EXHAUSTED');
  });
});
