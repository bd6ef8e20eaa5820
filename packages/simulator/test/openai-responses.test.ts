import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { type SimulatedProvider, simulateProvider } from '../src/index.js';

describe('OpenAI responses', () => {
  let provider: SimulatedProvider;
  let client: OpenAI;
  beforeAll(async () => {
    provider = await simulateProvider();
    client = new OpenAI({ apiKey: 'sk-test', baseURL: provider.openAiUrl, maxRetries: 0 });
  });
  afterEach(() => provider.reset());
  afterAll(() => provider.close());

  async function typesOf(body: Omit<OpenAI.Responses.ResponseCreateParamsStreaming, 'stream'>) {
    const events: OpenAI.Responses.ResponseStreamEvent[] = [];
    for await (const event of await client.responses.create({ ...body, stream: true })) events.push(event);
    return events;
  }

  it('answers a string and a list of items', async () => {
    const text = await client.responses.create({ model: 'gpt-5', input: 'Hello there' });
    const items = await client.responses.create({
      model: 'gpt-5',
      input: [{ role: 'user', content: 'Hello there' }],
      instructions: 'Be brief',
    });
    expect(text.status).toBe('completed');
    expect(text.output_text.split(' ')).toHaveLength(24);
    expect(items.output_text).toBe(text.output_text);
    expect(text.usage).toMatchObject({ input_tokens: 8, output_tokens: 24, total_tokens: 32 });
    expect(items.usage?.input_tokens).toBe(10);
  });

  it('streams from response.created to response.completed, which carries the usage', async () => {
    const events = await typesOf({ model: 'gpt-5', input: 'Stream to me' });
    const deltas = events.filter((event) => event.type === 'response.output_text.delta');
    expect(events[0]?.type).toBe('response.created');
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
    expect(deltas).toHaveLength(24);
    const last = events.at(-1);
    expect(last?.type === 'response.completed' && last.response.usage).toMatchObject({ output_tokens: 24 });
    expect(provider.requests[0]?.reportedUsage).toMatchObject({ output_tokens: 24 });
  });

  it('ends incomplete at the cap, streamed or not', async () => {
    const body = { model: 'gpt-5', input: 'Long please', max_output_tokens: 16 };
    const whole = await client.responses.create(body);
    const last = (await typesOf(body)).at(-1);
    expect([whole.status, whole.incomplete_details]).toEqual(['incomplete', { reason: 'max_output_tokens' }]);
    expect(last?.type === 'response.incomplete' && last.response.usage?.output_tokens).toBe(16);
  });

  it('shows a reasoning item and its tokens', async () => {
    provider.script({ usage: { reasoningTokens: 9, inputTokens: 50, cachedInputTokens: 30 } });
    const whole = await client.responses.create({ model: 'gpt-5', input: 'Think' });
    expect(whole.output.map((item) => item.type)).toEqual(['reasoning', 'message']);
    expect(whole.usage).toMatchObject({
      input_tokens_details: { cached_tokens: 30 },
      output_tokens: 33,
      output_tokens_details: { reasoning_tokens: 9 },
    });
    await typesOf({ model: 'gpt-5', input: 'Think' });
    expect(provider.requests[1]?.producedTokens).toBe(33);
  });

  it('calls a function and streams its arguments, then answers its output', async () => {
    const tools = [
      {
        type: 'function' as const,
        name: 'lookup_order',
        strict: false,
        parameters: { type: 'object', properties: { id: { type: 'integer' } } },
      },
    ];
    const events = await typesOf({ model: 'gpt-5', input: 'Please lookup my order', tools });
    const done = events.find((event) => event.type === 'response.function_call_arguments.done');
    expect(done?.type === 'response.function_call_arguments.done' && done.arguments).toBe('{"id": 1}');
    const after = await client.responses.create({
      model: 'gpt-5',
      tools,
      input: [
        { role: 'user', content: 'Please lookup my order' },
        { type: 'function_call_output', call_id: 'call_1', output: '{}' },
      ],
    });
    expect(after.output[0]?.type).toBe('message');
  });

  it('fails half way with response.failed and the usage up to there', async () => {
    provider.queue({ errorEventAfterChunks: 10 });
    const events = await typesOf({ model: 'gpt-5', input: 'Fail' });
    const last = events.at(-1);
    expect(last?.type).toBe('response.failed');
    const produced = provider.requests[0]?.producedTokens;
    expect(produced).toBe(6);
    expect(
      last?.type === 'response.failed' && [last.response.error?.code, last.response.usage?.output_tokens],
    ).toEqual(['server_error', produced]);
  });
});

describe('OpenAI embeddings', () => {
  let provider: SimulatedProvider;
  let client: OpenAI;
  beforeAll(async () => {
    provider = await simulateProvider();
    client = new OpenAI({ apiKey: 'sk-test', baseURL: provider.openAiUrl, maxRetries: 0 });
  });
  afterAll(() => provider.close());

  it.each([
    ['a string', 'three short words', 3, 1],
    ['strings', ['one two', 'three'], 3, 2],
    ['token ids', [1, 2, 3, 4], 4, 1],
    ['arrays of token ids', [[1, 2], [3]], 3, 2],
  ])('takes %s', async (_kind, input, tokens, vectors) => {
    const answer = await client.embeddings.create({ model: 'text-embedding-3-small', input, dimensions: 16 });
    expect(answer.usage).toEqual({ prompt_tokens: tokens, total_tokens: tokens });
    expect(answer.data).toHaveLength(vectors);
    const length = Math.hypot(...(answer.data[0]?.embedding ?? []));
    expect(answer.data[0]?.embedding).toHaveLength(16);
    expect(length).toBeCloseTo(1, 5);
    expect(provider.requests.at(-1)?.billed).toMatchObject({ inputTokens: tokens, outputTokens: 0 });
  });
});
