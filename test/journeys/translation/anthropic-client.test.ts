import Anthropic from '@anthropic-ai/sdk';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { RunningApp } from '../running-app.js';
import { chargedExactly, models, translatedApp } from './translated-app.js';

const schema = { type: 'object' as const, properties: { town: { type: 'string' } }, required: ['town'] };
const tools: Anthropic.Tool[] = [{ name: 'get_weather', input_schema: schema }];
const user = (content: string): Anthropic.MessageParam => ({ role: 'user', content });

let app: RunningApp;
afterEach(() => app.close());

describe.each([
  ['OpenAI', models.openai, '/v1/chat/completions'],
  ['Gemini', models.gemini, `/v1beta/models/${models.gemini}:`],
  ["OpenAI's responses", models.responses, '/v1/responses'],
])("the official Anthropic client, answered in %s's format", (_, model, path) => {
  it('gets text, the reason it ended and the usage that is charged', async () => {
    app = await translatedApp({
      provider: { script: { text: 'Deep and wide.', usage: { cachedInputTokens: 3 } } },
    });
    const answer = await app.anthropic.messages.create({
      model,
      max_tokens: 100,
      system: 'Be brief.',
      messages: [user('Tell me of the sea.')],
    });
    const { inputTokens, outputTokens } = app.provider.accounts().billed;
    expect(answer).toMatchObject({
      type: 'message',
      role: 'assistant',
      model,
      content: [{ type: 'text', text: 'Deep and wide.' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: inputTokens - 3, cache_read_input_tokens: 3, output_tokens: outputTokens },
    });
    expect(app.provider.requests.map(({ url }) => url.startsWith(path))).toEqual([true]);
    await chargedExactly(app, model);
  });

  it('streams blocks and tells the usage at the end', async () => {
    app = await translatedApp({ provider: { script: { text: 'Deep and wide, and blue.' } } });
    const stream = app.anthropic.messages.stream({ model, max_tokens: 100, messages: [user('The sea?')] });
    const pieces: string[] = [];
    stream.on('text', (text) => void pieces.push(text));
    const answer = await stream.finalMessage();
    expect(pieces.length).toBeGreaterThan(3);
    expect(answer.content).toMatchObject([{ type: 'text', text: 'Deep and wide, and blue.' }]);
    expect(answer.stop_reason).toBe('end_turn');
    expect(answer.usage).toMatchObject({
      input_tokens: app.provider.accounts().billed.inputTokens,
      output_tokens: 5,
    });
    await chargedExactly(app, model);
  });

  it('calls tools over several turns, whole and streamed', async () => {
    app = await translatedApp();
    const ask = { model, max_tokens: 100, tools };
    const messages = [user('What is the weather in Oslo?')];
    const first = await app.anthropic.messages.create({ ...ask, messages });
    const call = first.content.find((block) => block.type === 'tool_use');
    expect(first.stop_reason).toBe('tool_use');
    expect(call).toMatchObject({ name: 'get_weather', input: { town: 'Oslo' } });
    if (!call) throw new Error('no call');
    messages.push(
      { role: 'assistant', content: first.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: '3 °C' }] },
    );
    const second = await app.anthropic.messages.create({ ...ask, messages });
    expect(second).toMatchObject({ stop_reason: 'end_turn', content: [{ type: 'text' }] });
    messages.push({ role: 'assistant', content: second.content }, user('The weather in Rome?'));
    const third = await app.anthropic.messages.stream({ ...ask, messages }).finalMessage();
    expect(third).toMatchObject({
      stop_reason: 'tool_use',
      content: [{ type: 'tool_use', name: 'get_weather', input: { town: 'Rome' } }],
    });
    await chargedExactly(app, model);
  });

  it('sends images and gets structured output', async () => {
    app = await translatedApp();
    const source = { type: 'base64' as const, media_type: 'image/png' as const, data: 'iVBORw0KGgo=' };
    const answer = await app.anthropic.messages.create({
      model,
      max_tokens: 100,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source },
            { type: 'text', text: 'Which town is it? Oslo' },
          ],
        },
      ],
      output_config: { format: { type: 'json_schema', schema } },
    });
    const [block] = answer.content;
    expect(JSON.parse(block?.type === 'text' ? block.text : '')).toEqual({ town: 'Oslo' });
    expect(JSON.stringify(app.provider.requests[0]?.body)).toContain('iVBORw0KGgo=');
    await chargedExactly(app, model);
  });

  it.each([false, true])('ends at its cap, with the reason for it (streamed: %s)', async (stream) => {
    app = await translatedApp();
    const ask = { model, max_tokens: 5, messages: [user('Tell me of the sea.')] };
    const answer = stream
      ? await app.anthropic.messages.stream(ask).finalMessage()
      : await app.anthropic.messages.create(ask);
    expect(answer).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 5 } });
    await chargedExactly(app, model);
  });

  it('is told of errors in its own format, before an answer and in the middle of a stream', async () => {
    app = await translatedApp();
    const ask = { model, max_tokens: 100, messages: [user('Tell me of the sea.')] };
    app.provider.queue({ status: 400 });
    const refused = await app.anthropic.messages.create(ask).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Anthropic.BadRequestError);
    expect(refused).toMatchObject({
      status: 400,
      error: { type: 'error', error: { type: 'invalid_request_error' } },
    });
    app.provider.queue({ errorEventAfterChunks: 4 }, { end: { afterChunks: 4 } });
    for (const _ of [1, 2]) {
      await expect(app.anthropic.messages.stream(ask).finalMessage()).rejects.toBeInstanceOf(
        Anthropic.APIError,
      );
    }
    await app.settled();
    expect(app.events.map(({ outcome }) => outcome)).toEqual(['error', 'error', 'error']);
    expect((await app.money()).held).toBe(0);
  });

  it('is refused by name what cannot be translated, before anything is reserved or sent', async () => {
    app = await translatedApp();
    const ask = { model, max_tokens: 9, messages: [user('Hi')], inference_geo: 'eu' };
    const refused = app.anthropic.messages.create(ask);
    await expect(refused).rejects.toMatchObject({
      status: 400,
      error: { error: { code: 'unsupported_parameter', param: 'inference_geo' } },
    });
    await app.settled();
    expect(app.provider.requests).toHaveLength(0);
    expect(await app.money()).toEqual({ used: 0, held: 0 });
  });
});

describe.each([
  [
    'a Gemini model',
    models.gemini,
    /^gemini:sig/,
    /"functionCall":\{[^}]*\{[^}]*\}\},"thoughtSignature":"sig/,
  ],
  [
    'a model of OpenAI',
    models.responses,
    /^openai:enc/,
    /\{"type":"reasoning","summary":\[[^\]]*\],"encrypted_content":"enc\w+"\},\{"type":"function_call"/,
  ],
])('the official Anthropic client, answered by %s that thinks', (_, model, signature, handedBack) => {
  it('sees the thoughts, and hands their signature back with the call that they led to', async () => {
    app = await translatedApp({ provider: { script: { usage: { reasoningTokens: 9 } } } });
    const ask = {
      model,
      max_tokens: 4_000,
      thinking: { type: 'enabled' as const, budget_tokens: 2_000 },
      tools,
    };
    const messages = [user('What is the weather in Oslo?')];
    const first = await app.anthropic.messages.stream({ ...ask, messages }).finalMessage();
    expect(first.content).toMatchObject([
      {
        type: 'thinking',
        thinking: 'Let me think about this.',
        signature: expect.stringMatching(signature),
      },
      { type: 'tool_use', name: 'get_weather' },
    ]);
    const call = first.content.find((block) => block.type === 'tool_use');
    messages.push(
      { role: 'assistant', content: first.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: '3 °C' }] },
    );
    await app.anthropic.messages.create({ ...ask, messages });
    const sent = JSON.stringify(app.provider.requests[1]?.body);
    expect(sent).toMatch(handedBack);
    await chargedExactly(app, model);
  });
});
