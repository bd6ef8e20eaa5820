import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { type SimulatedProvider, simulateProvider } from '../src/index.js';

const weather = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, unit: { enum: ['celsius', 'fahrenheit'] } },
      required: ['city'],
    },
  },
};

describe('OpenAI chat completions', () => {
  let provider: SimulatedProvider;
  let client: OpenAI;
  beforeAll(async () => {
    provider = await simulateProvider();
    client = new OpenAI({ apiKey: 'sk-test', baseURL: provider.openAiUrl, maxRetries: 0 });
  });
  afterEach(() => provider.reset());
  afterAll(() => provider.close());

  const ask = (content: string) => ({ model: 'gpt-5-mini', messages: [{ role: 'user' as const, content }] });

  it('answers with text that belongs to the prompt, the same one every time', async () => {
    const first = await client.chat.completions.create(ask('Why is the sky blue?'));
    const second = await client.chat.completions.create(ask('Why is the sky blue?'));
    expect(first.choices[0]?.message.content).toContain('Why is the sky blue');
    expect(second.choices[0]?.message.content).toBe(first.choices[0]?.message.content);
    expect(first.choices[0]?.finish_reason).toBe('stop');
    expect(first.model).toBe('gpt-5-mini');
  });

  it('bills one output token per word and input that never passes the bytes of the body', async () => {
    const answer = await client.chat.completions.create(ask('Tell me a story'));
    const words = answer.choices[0]?.message.content?.split(' ').length;
    expect(words).toBe(24);
    expect(answer.usage?.completion_tokens).toBe(24);
    expect(answer.usage?.prompt_tokens).toBe(3 + 3 + 4);
    expect(answer.usage?.total_tokens).toBe(34);
    const [request] = provider.requests;
    expect(answer.usage?.prompt_tokens).toBeLessThanOrEqual(request?.rawBody.length ?? 0);
    expect(request?.billed).toMatchObject({ inputTokens: 10, outputTokens: 24 });
  });

  it('stops at the larger of the caps and says length', async () => {
    const answer = await client.chat.completions.create({
      ...ask('Go on'),
      max_completion_tokens: 7,
      max_tokens: 3,
    });
    expect(answer.choices[0]?.finish_reason).toBe('length');
    expect(answer.usage?.completion_tokens).toBe(7);
  });

  it('makes n choices and bills them all', async () => {
    const answer = await client.chat.completions.create({
      ...ask('Pick one'),
      n: 3,
      max_completion_tokens: 10,
    });
    expect(new Set(answer.choices.map((choice) => choice.message.content)).size).toBe(3);
    expect(answer.usage?.completion_tokens).toBe(30);
  });

  it('streams without usage unless asked for it', async () => {
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of await client.chat.completions.create({ ...ask('Stream'), stream: true }))
      chunks.push(chunk);
    expect(chunks.every((chunk) => !('usage' in chunk) && chunk.choices.length === 1)).toBe(true);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
    expect(provider.requests[0]?.reportedUsage).toBeUndefined();
    expect(provider.requests[0]?.billed.outputTokens).toBe(24);
  });

  it('streams with usage: null on every chunk and one extra chunk without choices when asked', async () => {
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    const body = { ...ask('Stream'), stream: true as const, stream_options: { include_usage: true }, n: 2 };
    for await (const chunk of await client.chat.completions.create(body)) chunks.push(chunk);
    const last = chunks.pop();
    expect(chunks.every((chunk) => chunk.usage === null)).toBe(true);
    expect(last?.choices).toEqual([]);
    expect(last?.usage).toMatchObject({ completion_tokens: 48, total_tokens: 48 + 7 });
    const texts = [0, 1].map((index) =>
      chunks
        .map((chunk) => (chunk.choices[0]?.index === index ? (chunk.choices[0].delta.content ?? '') : ''))
        .join(''),
    );
    expect(texts.map((text) => text.split(' ').length)).toEqual([24, 24]);
    expect(provider.requests[0]?.reportedUsage).toMatchObject({ completion_tokens: 48 });
  });

  it('calls the tool a user speaks of, then answers after the tool has', async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'user', content: 'What is the weather in Paris?' },
    ];
    const first = await client.chat.completions.create({ model: 'gpt-5', messages, tools: [weather] });
    const call = first.choices[0]?.message.tool_calls?.[0];
    expect(first.choices[0]?.finish_reason).toBe('tool_calls');
    expect(call?.type === 'function' && [call.function.name, JSON.parse(call.function.arguments)]).toEqual([
      'get_weather',
      { city: 'Paris' },
    ]);
    if (first.choices[0]) messages.push(first.choices[0].message);
    messages.push({ role: 'tool', tool_call_id: call?.id ?? '', content: 'Sunny' });
    const second = await client.chat.completions.create({ model: 'gpt-5', messages, tools: [weather] });
    expect(second.choices[0]?.finish_reason).toBe('stop');
    expect(second.choices[0]?.message.content).toContain('Paris');
  });

  it('calls no tool when nobody asks for it, and always when it must', async () => {
    const plain = await client.chat.completions.create({ ...ask('Say hello'), tools: [weather] });
    const forced = await client.chat.completions.create({
      ...ask('Say hello'),
      tools: [weather],
      tool_choice: 'required',
    });
    expect(plain.choices[0]?.message.tool_calls).toBeUndefined();
    expect(forced.choices[0]?.message.tool_calls).toHaveLength(1);
  });

  it('streams a tool call that the SDK puts together', async () => {
    const stream = client.chat.completions.stream({
      ...ask('Use the weather tool for Oslo'),
      tools: [weather],
    });
    const message = await stream.finalMessage();
    expect(message.tool_calls?.[0]).toMatchObject({
      function: { name: 'get_weather', arguments: '{"city": "Oslo"}' },
    });
  });

  it('reports cached, written, reasoning, audio and predicted tokens as scripted', async () => {
    const usage = {
      inputTokens: 100,
      cachedInputTokens: 40,
      cacheWriteTokens: 20,
      inputAudioTokens: 5,
      reasoningTokens: 6,
      rejectedPredictionTokens: 2,
      acceptedPredictionTokens: 3,
      outputAudioTokens: 4,
    };
    provider.queue({ tokens: 10, usage });
    const answer = await client.chat.completions.create(ask('Count'));
    expect(answer.usage).toEqual({
      prompt_tokens: 100,
      completion_tokens: 18,
      total_tokens: 118,
      prompt_tokens_details: { cached_tokens: 40, cache_write_tokens: 20, audio_tokens: 5 },
      completion_tokens_details: {
        reasoning_tokens: 6,
        audio_tokens: 4,
        accepted_prediction_tokens: 3,
        rejected_prediction_tokens: 2,
      },
    });
  });

  it('counts reasoning within the cap', async () => {
    provider.queue({ usage: { reasoningTokens: 50 } });
    const answer = await client.chat.completions.create({ ...ask('Think'), max_completion_tokens: 20 });
    expect(answer.usage).toMatchObject({
      completion_tokens: 20,
      completion_tokens_details: { reasoning_tokens: 20 },
    });
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: '' } });
  });

  it('echoes the service tier, and answers default where auto was asked for', async () => {
    const priority = await client.chat.completions.create({ ...ask('Fast'), service_tier: 'priority' });
    const auto = await client.chat.completions.create({ ...ask('Fast'), service_tier: 'auto' });
    provider.queue({ serviceTier: 'flex' });
    const scripted = await client.chat.completions.create(ask('Fast'));
    expect([priority.service_tier, auto.service_tier, scripted.service_tier]).toEqual([
      'priority',
      'default',
      'flex',
    ]);
  });

  it('refuses a cap that is no positive integer, as OpenAI does', async () => {
    for (const max_completion_tokens of [0, -1, 1.5]) {
      const failure = await client.chat.completions
        .create({ ...ask('x'), max_completion_tokens })
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ status: 400, code: 'invalid_value', param: 'max_completion_tokens' });
    }
    expect(provider.accounts().billed.inputTokens).toBe(0);
  });

  it('lists models', async () => {
    const models = await client.models.list();
    expect(models.data.map((model) => model.id)).toContain('gpt-5-mini');
  });
});
