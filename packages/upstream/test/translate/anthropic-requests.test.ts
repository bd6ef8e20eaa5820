import type Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@tollgate/core/internal';
import type OpenAI from 'openai';
import { translatedFor } from '../../src/index.js';

/** Sampling is no longer in the SDK's types; models up to 4.6 take it. */
type Message = Anthropic.MessageCreateParams & { top_k?: number };
const at = (api: 'openai-chat' | 'gemini-generate', body: Message) =>
  translatedFor({ apis: [api] }, 'anthropic-messages', JSON.parse(JSON.stringify(body)) as JsonObject)?.body;

const schema = { type: 'object' as const, properties: { town: { type: 'string' } }, required: ['town'] };
const conversation: Message = {
  model: 'gpt-5-mini',
  max_tokens: 500,
  system: 'Be brief.',
  stop_sequences: ['END'],
  stream: true,
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Which is warmer?' },
        { type: 'image', source: { type: 'url', url: 'https://example.com/map.png' } },
        {
          type: 'document',
          title: 'towns.pdf',
          source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
        },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'I will look.' },
        { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { town: 'Oslo' } },
        { type: 'tool_use', id: 'toolu_2', name: 'get_weather', input: { town: 'Rome' } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_1', content: '3 °C' },
        {
          type: 'tool_result',
          tool_use_id: 'toolu_2',
          is_error: true,
          content: [{ type: 'text', text: 'no such town' }],
        },
        { type: 'text', text: 'And?' },
      ],
    },
  ],
  tools: [{ name: 'get_weather', description: 'The weather in a town', input_schema: schema }],
  tool_choice: { type: 'auto', disable_parallel_tool_use: true },
};

describe("an Anthropic client's request for OpenAI's format", () => {
  it('keeps text, system, images, documents, tools, calls and results of several turns, and asks for usage', () => {
    const expected: OpenAI.ChatCompletionCreateParams = {
      model: 'gpt-5-mini',
      max_completion_tokens: 500,
      stop: ['END'],
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Which is warmer?' },
            { type: 'image_url', image_url: { url: 'https://example.com/map.png' } },
            {
              type: 'file',
              file: { filename: 'towns.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
            },
          ],
        },
        {
          role: 'assistant',
          content: 'I will look.',
          tool_calls: [
            {
              id: 'toolu_1',
              type: 'function',
              function: { name: 'get_weather', arguments: '{"town":"Oslo"}' },
            },
            {
              id: 'toolu_2',
              type: 'function',
              function: { name: 'get_weather', arguments: '{"town":"Rome"}' },
            },
          ],
        },
        { role: 'tool', tool_call_id: 'toolu_1', content: '3 °C' },
        { role: 'tool', tool_call_id: 'toolu_2', content: '{"error":"no such town"}' },
        { role: 'user', content: 'And?' },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'get_weather', description: 'The weather in a town', parameters: schema },
        },
      ],
      tool_choice: 'auto',
      parallel_tool_calls: false,
    };
    expect(at('openai-chat', conversation)).toEqual(expected);
  });

  it.each([
    [{ type: 'enabled', budget_tokens: 1_024 }, undefined, 'low'],
    [{ type: 'enabled', budget_tokens: 10_000 }, undefined, 'medium'],
    [{ type: 'enabled', budget_tokens: 30_000 }, 'low', 'high'],
    [{ type: 'adaptive' }, 'max', 'max'],
    [{ type: 'adaptive' }, undefined, undefined],
    [{ type: 'disabled' }, undefined, 'none'],
  ] as const)('%j with effort %s is reasoning_effort %s', (thinking, effort, expected) => {
    const config = effort === undefined ? {} : { output_config: { effort } };
    const messages: Message['messages'] = [{ role: 'user', content: 'Hi' }];
    const sent = at('openai-chat', { model: 'gpt-5', max_tokens: 9, messages, thinking, ...config });
    expect(sent?.reasoning_effort).toBe(expected);
  });

  it('asks for structured output, strictly, as Anthropic keeps to it, and names the user', () => {
    const sent = at('openai-chat', {
      model: 'gpt-5',
      max_tokens: 9,
      messages: [{ role: 'user', content: 'Hi' }],
      metadata: { user_id: 'u' },
      output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
    });
    expect(sent).toMatchObject({
      safety_identifier: 'u',
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', schema: { type: 'object' }, strict: true },
      },
    });
  });
});

describe("an Anthropic client's request for Gemini", () => {
  it('keeps top_k, a forced tool, shown thoughts and the error of a tool', () => {
    const sent = at('gemini-generate', {
      model: 'gemini-2.5-pro',
      max_tokens: 500,
      top_k: 20,
      thinking: { type: 'enabled', budget_tokens: 2_000 },
      messages: [
        { role: 'user', content: 'Weather?' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'get_weather', input: {} }] },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 't', is_error: true, content: 'down' }],
        },
      ],
      tools: [{ name: 'get_weather', input_schema: schema }],
      tool_choice: { type: 'tool', name: 'get_weather' },
    });
    expect(sent).toEqual({
      contents: [
        { role: 'user', parts: [{ text: 'Weather?' }] },
        { role: 'model', parts: [{ functionCall: { id: 't', name: 'get_weather', args: {} } }] },
        {
          role: 'user',
          parts: [{ functionResponse: { id: 't', name: 'get_weather', response: { error: 'down' } } }],
        },
      ],
      tools: [{ functionDeclarations: [{ name: 'get_weather', parametersJsonSchema: schema }] }],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['get_weather'] } },
      generationConfig: {
        maxOutputTokens: 500,
        topK: 20,
        thinkingConfig: { includeThoughts: true, thinkingBudget: 2_000 },
      },
    });
  });

  it('hands Gemini back the signature that a thinking block carried for it', () => {
    const sent = at('gemini-generate', {
      model: 'gemini-3-pro-preview',
      max_tokens: 500,
      messages: [
        { role: 'user', content: 'Hi' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm.', signature: 'gemini:c2ln' },
            { type: 'text', text: 'Hello.' },
          ],
        },
        { role: 'user', content: 'So?' },
      ],
    });
    expect(sent?.contents).toMatchObject({
      1: {
        parts: [
          { text: 'Hm.', thought: true },
          { text: 'Hello.', thoughtSignature: 'c2ln' },
        ],
      },
    });
  });
});
