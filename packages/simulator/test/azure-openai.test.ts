import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AzureOpenAI, type OpenAI } from 'openai';
import { type SimulatedProvider, simulateProvider } from '../src/index.js';

describe('Azure OpenAI', () => {
  let provider: SimulatedProvider;
  let client: AzureOpenAI;
  beforeAll(async () => {
    provider = await simulateProvider({ deployments: { 'our-chat': 'gpt-5-mini' } });
    client = new AzureOpenAI({
      apiKey: 'azure',
      endpoint: provider.url,
      apiVersion: '2024-10-21',
      maxRetries: 0,
    });
  });
  afterEach(() => provider.reset());
  afterAll(() => provider.close());

  const body = { model: 'our-chat', messages: [{ role: 'user' as const, content: 'Hello Azure' }] };

  it('finds the model behind the deployment of the URL', async () => {
    const answer = await client.chat.completions.create(body);
    expect(answer.model).toBe('gpt-5-mini');
    expect(answer).toMatchObject({
      prompt_filter_results: [{ prompt_index: 0 }],
      choices: [{ content_filter_results: { hate: { filtered: false } } }],
    });
    expect(provider.requests[0]).toMatchObject({
      api: 'azure-openai',
      url: '/openai/deployments/our-chat/chat/completions?api-version=2024-10-21',
    });
    expect(provider.requests[0]?.headers['api-key']).toBe('azure');
  });

  it('begins a stream with a frame of filter results, without choices or usage', async () => {
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of await client.chat.completions.create({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    }))
      chunks.push(chunk);
    expect(chunks[0]).toMatchObject({ choices: [], prompt_filter_results: [{ prompt_index: 0 }] });
    expect(chunks[0]?.usage).toBeUndefined();
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 24 } });
  });

  it('filters a prompt with 400 and a completion with its finish reason', async () => {
    provider.queue({ contentFilter: 'prompt' }, { contentFilter: 'completion' });
    const failure = await client.chat.completions.create(body).catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 400, code: 'content_filter' });
    const answer = await client.chat.completions.create(body);
    expect(answer.choices[0]?.finish_reason).toBe('content_filter');
  });

  it('says in whole seconds when a limit resets, and -1 where it does not know', async () => {
    const fine = await client.chat.completions.create(body).asResponse();
    provider.queue({ status: 429, retryAfterSeconds: 6 });
    const failure = await client.chat.completions.create(body).catch((error: unknown) => error);
    expect(fine.headers.get('x-ratelimit-reset-tokens')).toBe('-1');
    expect(failure).toMatchObject({ status: 429, code: '429' });
  });
});
