import { GoogleGenAI, Type } from '@google/genai';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { RunningApp } from '../running-app.js';
import { chargedExactly, models, translatedApp } from './translated-app.js';

const contents = 'Tell me of the sea.';
const declaration = {
  name: 'get_weather',
  parameters: { type: Type.OBJECT, properties: { town: { type: Type.STRING } }, required: ['town'] },
};

let app: RunningApp;
afterEach(() => app.close());

const client = (): GoogleGenAI => new GoogleGenAI({ apiKey: app.key, httpOptions: { baseUrl: app.url } });

describe.each([
  ['OpenAI', models.openai, '/v1/chat/completions'],
  ['Anthropic', models.anthropic, '/v1/messages'],
  ["OpenAI's responses", models.responses, '/v1/responses'],
])("the official Gemini client, answered in %s's format", (_, model, path) => {
  it('gets text, the reason it ended and the usage that is charged, whole and streamed', async () => {
    app = await translatedApp({
      provider: { script: { text: 'Deep and wide.', usage: { cachedInputTokens: 3 } } },
    });
    const answer = await client().models.generateContent({
      model,
      contents,
      config: { maxOutputTokens: 100 },
    });
    expect(answer.text).toBe('Deep and wide.');
    expect(answer.candidates?.[0]?.finishReason).toBe('STOP');
    const { inputTokens } = app.provider.accounts().billed;
    expect(answer.usageMetadata).toMatchObject({
      promptTokenCount: inputTokens,
      cachedContentTokenCount: 3,
      candidatesTokenCount: 3,
    });
    const pieces: (string | undefined)[] = [];
    for await (const chunk of await client().models.generateContentStream({ model, contents }))
      pieces.push(chunk.text);
    expect(pieces.join('')).toBe('Deep and wide.');
    expect(pieces.length).toBeGreaterThan(2);
    expect(app.provider.requests.map(({ url }) => url)).toEqual([path, path]);
    await chargedExactly(app, model);
  });

  it('calls tools over several turns', async () => {
    app = await translatedApp({ provider: { script: { usage: { reasoningTokens: 5 } } } });
    const tools = [{ functionDeclarations: [declaration] }];
    const chat = client().chats.create({ model, config: { tools } });
    const first = await chat.sendMessage({ message: 'What is the weather in Oslo?' });
    const [call] = first.functionCalls ?? [];
    expect(call).toMatchObject({ name: 'get_weather', args: { town: 'Oslo' } });
    const functionResponse = { id: call?.id ?? '', name: 'get_weather', response: { output: '3 °C' } };
    const second = await chat.sendMessage({ message: [{ functionResponse }] });
    expect(second.text).toBeTruthy();
    await chargedExactly(app, model);
  });

  it('is told of errors and refusals in its own format', async () => {
    app = await translatedApp();
    app.provider.queue({ status: 400 });
    const refused = client().models.generateContent({ model, contents });
    await expect(refused).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('INVALID_ARGUMENT'),
    });
    const config = { safetySettings: [], cachedContent: 'x' };
    await expect(client().models.generateContent({ model, contents, config })).rejects.toMatchObject({
      status: 400,
    });
    await app.settled();
    expect(app.provider.requests).toHaveLength(1);
    expect(await app.money()).toEqual({ used: 0, held: 0 });
  });
});
