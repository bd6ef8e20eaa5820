import Anthropic from '@anthropic-ai/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '../src/index.js';

describe('Anthropic messages', () => {
  let provider: SimulatedProvider;
  let client: Anthropic;
  beforeAll(async () => {
    provider = await simulateProvider();
    client = new Anthropic({ apiKey: 'sk-ant-test', baseURL: provider.url, maxRetries: 0 });
  });
  afterEach(() => provider.reset());
  afterAll(() => provider.close());

  const ask = (content: string, max_tokens = 100) => ({
    model: 'claude-sonnet-4-6',
    max_tokens,
    messages: [{ role: 'user' as const, content }],
  });
  const textOf = (message: Anthropic.Message) =>
    message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');

  it('answers in one piece', async () => {
    const message = await client.messages.create(ask('Why is the sky blue?'));
    expect(textOf(message)).toContain('Why is the sky blue');
    expect(message.stop_reason).toBe('end_turn');
    expect(message.usage).toMatchObject({
      input_tokens: 11,
      output_tokens: 24,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
      service_tier: 'standard',
    });
  });

  it('streams what the SDK puts together to the same message', async () => {
    const whole = await client.messages.create(ask('Stream this'));
    const streamed = await client.messages.stream(ask('Stream this')).finalMessage();
    expect(textOf(streamed)).toBe(textOf(whole));
    expect(streamed.usage.output_tokens).toBe(24);
    expect(streamed.stop_reason).toBe('end_turn');
    expect(provider.requests[1]).toMatchObject({ stream: true, producedTokens: 24, outcome: 'answered' });
  });

  it('sends the events in their order, a ping among them', async () => {
    provider.queue({ tokens: 2 });
    const types: string[] = [];
    const response = await client.messages.create({ ...ask('Order'), stream: true }).asResponse();
    for (const [, type] of (await response.text()).matchAll(/^event: (.*)$/gm)) types.push(type ?? '');
    expect(types).toEqual([
      'message_start',
      'content_block_start',
      'ping',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
  });

  it('stops at max_tokens', async () => {
    const message = await client.messages.create(ask('Long', 5));
    expect([message.stop_reason, message.usage.output_tokens]).toEqual(['max_tokens', 5]);
  });

  it('names the service tier and the speed that were used', async () => {
    provider.queue({ serviceTier: 'priority', speed: 'fast' });
    const { usage } = await client.messages.create(ask('Quick'));
    expect([usage.service_tier, usage.speed]).toEqual(['priority', 'fast']);
  });

  it('requires max_tokens', async () => {
    const response = await fetch(`${provider.url}/v1/messages`, {
      method: 'POST',
      body: '{"model":"claude","messages":[{"role":"user","content":"x"}]}',
    });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { type: 'error', error: { type: 'invalid_request_error', message: 'max_tokens: Field required' } },
    ]);
  });

  it('keeps cached and cache-written input out of input_tokens', async () => {
    provider.queue({
      usage: {
        inputTokens: 1000,
        cachedInputTokens: 600,
        cacheWriteTokens: 200,
        cacheWriteOneHourTokens: 50,
      },
    });
    const { usage } = await client.messages.create(ask('Cache'));
    expect(usage).toMatchObject({
      input_tokens: 150,
      cache_read_input_tokens: 600,
      cache_creation_input_tokens: 250,
      cache_creation: { ephemeral_5m_input_tokens: 200, ephemeral_1h_input_tokens: 50 },
    });
  });

  it('reports cumulative usage several times, with nulls before the last', async () => {
    provider.queue({ usageDeltas: 3, usage: { inputTokens: 40 } });
    const usages: Anthropic.MessageDeltaUsage[] = [];
    for await (const event of await client.messages.create({ ...ask('Deltas'), stream: true })) {
      if (event.type === 'message_delta') usages.push(event.usage);
    }
    expect(usages).toHaveLength(3);
    expect(usages.map((usage) => usage.input_tokens)).toEqual([null, null, 40]);
    const outputs = usages.map((usage) => usage.output_tokens);
    expect(outputs).toEqual([...outputs].sort((left, right) => left - right));
    expect(outputs.at(-1)).toBe(24);
  });

  it('thinks, searches the web and says so', async () => {
    provider.script({ usage: { reasoningTokens: 12, webSearches: 2 } });
    const message = await client.messages.create(ask('Search'));
    const streamed = await client.messages.stream(ask('Search')).finalMessage();
    const types = [
      'thinking',
      'server_tool_use',
      'web_search_tool_result',
      'server_tool_use',
      'web_search_tool_result',
      'text',
    ];
    expect(message.content.map((block) => block.type)).toEqual(types);
    expect(streamed.content.map((block) => block.type)).toEqual(types);
    expect(message.usage).toMatchObject({ output_tokens: 36, server_tool_use: { web_search_requests: 2 } });
    expect(streamed.usage.server_tool_use?.web_search_requests).toBe(2);
    expect(provider.accounts().billed).toMatchObject({
      outputTokens: 72,
      reasoningTokens: 24,
      webSearches: 4,
    });
  });

  it('calls a tool, streamed or not, then answers after its result', async () => {
    const tools = [
      {
        name: 'get_weather',
        input_schema: {
          type: 'object' as const,
          properties: { city: { type: 'string' } },
          required: ['city'],
        },
      },
    ];
    const first = await client.messages.create({ ...ask('Weather in Rome?'), tools });
    const streamed = await client.messages.stream({ ...ask('Weather in Rome?'), tools }).finalMessage();
    expect(first.stop_reason).toBe('tool_use');
    expect(first.content[0]).toMatchObject({
      type: 'tool_use',
      name: 'get_weather',
      input: { city: 'Rome' },
    });
    expect(streamed.content[0]).toMatchObject({ type: 'tool_use', input: { city: 'Rome' } });
    const id = first.content[0]?.type === 'tool_use' ? first.content[0].id : '';
    const messages: Anthropic.MessageParam[] = [
      ...ask('Weather in Rome?').messages,
      { role: 'assistant', content: first.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'Sunny' }] },
    ];
    const second = await client.messages.create({ ...ask(''), messages, tools });
    expect(second.stop_reason).toBe('end_turn');
  });

  it('overloads with 529, and in mid-stream with an error event', async () => {
    provider.queue({ status: 529 }, { errorEventAfterChunks: 5 });
    const failure = await client.messages.create(ask('x')).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      status: 529,
      error: { type: 'error', error: { type: 'overloaded_error' } },
    });
    const broken = await client.messages
      .stream(ask('x'))
      .finalMessage()
      .catch((error: unknown) => error);
    expect(String(broken)).toContain('Overloaded');
    expect(provider.requests[0]?.billed.inputTokens).toBe(0);
    expect(provider.requests[1]?.billed).toMatchObject({ inputTokens: 7, outputTokens: 2 });
  });
});
