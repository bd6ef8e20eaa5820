import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@tollgate/core/internal';
import OpenAI, { AzureOpenAI } from 'openai';
import type { MeteredCall } from '../../src/requests/metered-call.js';
import { parseCall } from '../../src/requests/parse-call.js';
import type { ParseOptions } from '../../src/requests/parse-options.js';
import { parseSettings } from '../../src/requests/parse-settings.js';
import { outgoing } from './call.js';

/** What the official SDKs send for ordinary requests with all their features, parsed in strict mode. */
function recorder(options: ParseOptions = {}) {
  const calls: (MeteredCall | undefined)[] = [];
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const url = input instanceof Request ? input.url : String(input);
    const body = JSON.parse(String(init?.body)) as JsonValue;
    calls.push(parseCall(outgoing(url, body), parseSettings(options)));
    return Response.json({});
  };
  return { calls, fetch };
}

const weather = {
  name: 'weather',
  description: 'The weather of a place',
  parameters: { type: 'object', properties: { place: { type: 'string' } } },
};

describe('ordinary requests of the official SDKs pass in strict mode', () => {
  it('OpenAI chat', async () => {
    const { calls, fetch } = recorder();
    const client = new OpenAI({ apiKey: 'k', fetch, maxRetries: 0 });
    await client.chat.completions.create({
      model: 'gpt-5-mini',
      messages: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'user', name: 'ann', content: [{ type: 'text', text: 'hi' }] },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 't', type: 'function', function: { name: 'weather', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 't', content: 'sunny' },
        {
          role: 'user',
          content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA', detail: 'low' } }],
        },
      ],
      frequency_penalty: 0,
      logit_bias: { 50256: -100 },
      logprobs: true,
      max_completion_tokens: 100,
      metadata: { trace: 'x', route: 'a', models: 'b' },
      n: 2,
      parallel_tool_calls: true,
      presence_penalty: 0,
      prompt_cache_key: 'x',
      prompt_cache_retention: '24h',
      reasoning_effort: 'low',
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: {} } },
      safety_identifier: 'x',
      seed: 1,
      service_tier: 'auto',
      stop: ['x'],
      store: false,
      temperature: 1,
      tool_choice: 'auto',
      tools: [{ type: 'function', function: weather }],
      top_logprobs: 2,
      top_p: 1,
      user: 'u',
      verbosity: 'low',
    });
    expect(calls[0]).toMatchObject({
      api: 'openai-chat',
      provider: 'openai',
      estimate: { outputTokens: 200 },
    });
  });

  it('OpenAI responses', async () => {
    const { calls, fetch } = recorder();
    const client = new OpenAI({ apiKey: 'k', fetch, maxRetries: 0 });
    await client.responses.create({
      model: 'gpt-5',
      instructions: 'Be brief.',
      input: [
        { role: 'user', content: 'hi' },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'and' }] },
        { type: 'function_call', call_id: 'c', name: 'weather', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c', output: 'sunny' },
        {
          role: 'user',
          content: [{ type: 'input_image', detail: 'auto', image_url: 'data:image/png;base64,AA' }],
        },
        {
          type: 'computer_call_output',
          call_id: 'd',
          output: { type: 'computer_screenshot', image_url: 'data:image/png;base64,AA' },
        },
        { type: 'reasoning', id: 'r', summary: [], encrypted_content: 'x' },
      ],
      include: ['reasoning.encrypted_content'],
      max_output_tokens: 100,
      metadata: { a: 'b' },
      parallel_tool_calls: true,
      prompt_cache_key: 'x',
      reasoning: { effort: 'low', summary: 'auto' },
      safety_identifier: 'x',
      service_tier: 'default',
      store: false,
      text: { format: { type: 'text' }, verbosity: 'low' },
      tool_choice: 'auto',
      tools: [
        { type: 'function', strict: true, ...weather },
        { type: 'custom', name: 'c' },
        { type: 'local_shell' },
        { type: 'apply_patch' },
      ],
      truncation: 'auto',
      top_p: 1,
    });
    expect(calls[0]).toMatchObject({
      api: 'openai-responses',
      estimate: { outputTokens: 100, capStated: true },
    });
  });

  it('OpenAI embeddings, and Azure', async () => {
    const { calls, fetch } = recorder({ models: { 'my-embedder': 'text-embedding-3-large' } });
    const client = new OpenAI({ apiKey: 'k', fetch, maxRetries: 0 });
    await client.embeddings.create({
      model: 'text-embedding-3-small',
      input: ['a', 'b'],
      dimensions: 8,
      user: 'u',
    });
    const azure = new AzureOpenAI({
      apiKey: 'k',
      apiVersion: '2026-01-01',
      endpoint: 'https://acme.openai.azure.com',
      fetch,
      maxRetries: 0,
    });
    await azure.embeddings.create({ model: 'my-embedder', input: [1, 2, 3] });
    expect(calls[0]).toMatchObject({ api: 'openai-embeddings', provider: 'openai' });
    expect(calls[1]).toMatchObject({ provider: 'azure', model: 'text-embedding-3-large' });
  });

  it('Anthropic messages', async () => {
    const { calls, fetch } = recorder();
    const client = new Anthropic({ apiKey: 'k', fetch, maxRetries: 0 });
    await client.messages.create({
      model: 'claude-opus-5',
      max_tokens: 4_000,
      system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      messages: [
        { role: 'user', content: 'hi' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 's' },
            { type: 'tool_use', id: 't', name: 'weather', input: { place: 'x', api_key: 'y' } },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 't',
              content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA' } }],
            },
            { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a text' } },
            { type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: 'x' }] },
          ],
        },
      ],
      metadata: { user_id: 'u' },
      output_config: { effort: 'low' },
      service_tier: 'standard_only',
      stop_sequences: ['x'],
      thinking: { type: 'enabled', budget_tokens: 2_000 },
      tool_choice: { type: 'auto' },
      tools: [
        { name: 'weather', input_schema: { type: 'object' } },
        { type: 'bash_20250124', name: 'bash' },
        { type: 'text_editor_20250728', name: 'str_replace_based_edit_tool' },
        { type: 'memory_20250818', name: 'memory' },
        { type: 'web_search_20250305', name: 'web_search', max_uses: 1 },
      ],
    });
    expect(calls[0]).toMatchObject({ api: 'anthropic-messages', estimate: { outputTokens: 4_000 } });
  });

  it('Gemini', async () => {
    const { calls, fetch } = recorder();
    const before = globalThis.fetch;
    globalThis.fetch = fetch;
    try {
      const client = new GoogleGenAI({ apiKey: 'k' });
      await client.models.generateContent({
        model: 'gemini-2.5-flash',
        contents: [
          { role: 'user', parts: [{ text: 'hi' }, { inlineData: { mimeType: 'image/png', data: 'AA' } }] },
          {
            role: 'model',
            parts: [{ functionCall: { name: 'weather', args: {} }, thoughtSignature: 'c2ln' }],
          },
          { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { a: 'b' } } }] },
        ],
        config: {
          systemInstruction: 'Be brief.',
          temperature: 1,
          topP: 1,
          topK: 4,
          candidateCount: 2,
          maxOutputTokens: 100,
          stopSequences: ['x'],
          seed: 1,
          responseMimeType: 'application/json',
          responseSchema: { type: 'OBJECT' } as never,
          safetySettings: [],
          tools: [{ functionDeclarations: [{ name: 'weather' }] }],
          toolConfig: {},
          thinkingConfig: { thinkingBudget: 50, includeThoughts: true },
          mediaResolution: 'MEDIA_RESOLUTION_LOW' as never,
        },
      });
    } finally {
      globalThis.fetch = before;
    }
    expect(calls[0]).toMatchObject({
      api: 'gemini-generate',
      provider: 'google',
      estimate: { outputTokens: 200 },
    });
  });
});
