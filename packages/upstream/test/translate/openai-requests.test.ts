import type Anthropic from '@anthropic-ai/sdk';
import type { GenerateContentParameters } from '@google/genai';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@tollgate/core/internal';
import type OpenAI from 'openai';
import { translatedFor } from '../../src/index.js';

type Chat = OpenAI.ChatCompletionCreateParams;
const at = (api: 'anthropic-messages' | 'gemini-generate', body: Chat) =>
  translatedFor({ apis: [api] }, 'openai-chat', JSON.parse(JSON.stringify(body)) as JsonObject)?.body;

const weather: OpenAI.ChatCompletionFunctionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather in a town',
    parameters: { type: 'object', properties: { town: { type: 'string' } }, required: ['town'] },
    strict: true,
  },
};

/** A conversation of several turns, with two calls at once. */
const conversation: Chat = {
  model: 'claude-sonnet-5',
  max_completion_tokens: 500,
  temperature: 0.5,
  top_p: 0.9,
  stop: ['END'],
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'developer', content: [{ type: 'text', text: 'Use metric units.' }] },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Which is warmer, and what is this?' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
      ],
    },
    {
      role: 'assistant',
      content: 'I will look.',
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"town":"Oslo"}' } },
        { id: 'call_2', type: 'function', function: { name: 'get_weather', arguments: '{"town":"Rome"}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: '3 °C' },
    { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: '18 °C' }] },
    { role: 'user', content: 'And?' },
  ],
  tools: [weather],
  tool_choice: 'required',
  parallel_tool_calls: true,
};

describe("an OpenAI client's request for Anthropic", () => {
  it('keeps text, system and developer messages, images, tools, calls and results of several turns', () => {
    // Sampling is no longer in the SDK's types; models up to 4.6 take it.
    const expected: Anthropic.MessageCreateParams & { temperature: number; top_p: number } = {
      model: 'claude-sonnet-5',
      max_tokens: 500,
      temperature: 0.5,
      top_p: 0.9,
      stop_sequences: ['END'],
      system: [
        { type: 'text', text: 'Be brief.' },
        { type: 'text', text: 'Use metric units.' },
      ],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Which is warmer, and what is this?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'I will look.' },
            { type: 'tool_use', id: 'call_1', name: 'get_weather', input: { town: 'Oslo' } },
            { type: 'tool_use', id: 'call_2', name: 'get_weather', input: { town: 'Rome' } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'call_1', content: [{ type: 'text', text: '3 °C' }] },
            { type: 'tool_result', tool_use_id: 'call_2', content: [{ type: 'text', text: '18 °C' }] },
          ],
        },
        { role: 'user', content: 'And?' },
      ],
      tools: [
        {
          name: 'get_weather',
          description: 'The weather in a town',
          input_schema: { type: 'object', properties: { town: { type: 'string' } }, required: ['town'] },
          strict: true,
        },
      ],
      tool_choice: { type: 'any', disable_parallel_tool_use: false },
    };
    expect(at('anthropic-messages', conversation)).toEqual(expected);
  });

  it('asks for structured output, a forced tool, one call at a time, and names the user', () => {
    const sent = at('anthropic-messages', {
      model: 'claude-sonnet-5',
      messages: [{ role: 'user', content: 'Hi' }],
      safety_identifier: 'user-7',
      service_tier: 'default',
      stream: true,
      tools: [{ type: 'function', function: { name: 'now' } }],
      tool_choice: { type: 'function', function: { name: 'now' } },
      parallel_tool_calls: false,
      response_format: { type: 'json_schema', json_schema: { name: 'out', schema: { type: 'object' } } },
    });
    const expected: Omit<Anthropic.MessageCreateParams, 'max_tokens'> = {
      model: 'claude-sonnet-5',
      messages: [{ role: 'user', content: 'Hi' }],
      metadata: { user_id: 'user-7' },
      service_tier: 'standard_only',
      stream: true,
      tools: [{ name: 'now', input_schema: { type: 'object', properties: {} } }],
      tool_choice: { type: 'tool', name: 'now', disable_parallel_tool_use: true },
      output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
    };
    expect(sent).toEqual(expected);
  });

  it.each([
    ['claude-sonnet-5', 'high', undefined, { type: 'adaptive' }, { effort: 'high' }],
    ['claude-opus-4-7', 'minimal', undefined, { type: 'adaptive' }, { effort: 'low' }],
    ['claude-sonnet-4-5-20250929', 'high', 64_000, { type: 'enabled', budget_tokens: 24_576 }, undefined],
    ['claude-sonnet-4-5', 'high', 4_000, { type: 'enabled', budget_tokens: 3_999 }, undefined],
    ['claude-3-7-sonnet-20250219', 'medium', undefined, { type: 'enabled', budget_tokens: 3_072 }, undefined],
    ['claude-sonnet-5', 'none', undefined, { type: 'disabled' }, undefined],
  ] as const)('%s thinks with effort %s and a cap of %s as %j', (model, effort, cap, thinking, config) => {
    const messages: Chat['messages'] = [{ role: 'user', content: 'Hi' }];
    const capped = cap === undefined ? {} : { max_completion_tokens: cap };
    const sent = at('anthropic-messages', { model, messages, reasoning_effort: effort, ...capped });
    expect({ thinking: sent?.thinking, output_config: sent?.output_config }).toEqual({
      thinking,
      output_config: config,
    });
  });

  it('hands Anthropic back its own thoughts, signed, before what was said', () => {
    const assistant = {
      role: 'assistant' as const,
      content: 'So it is.',
      refusal: null,
      annotations: [],
      reasoning_content: 'Hm.',
      reasoning_details: [
        { type: 'reasoning.text', text: 'Hm.', signature: 'c2ln', format: 'anthropic-claude-v1', index: 0 },
        { type: 'reasoning.encrypted', data: 'eHh4', format: 'anthropic-claude-v1', index: 1 },
      ],
    };
    const sent = at('anthropic-messages', {
      model: 'claude-sonnet-5',
      messages: [{ role: 'user', content: 'Is it?' }, assistant, { role: 'user', content: 'Sure?' }],
    });
    expect(sent?.messages).toMatchObject({
      1: {
        content: [
          { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
          { type: 'redacted_thinking', data: 'eHh4' },
          { type: 'text', text: 'So it is.' },
        ],
      },
    });
  });
});

describe("an OpenAI client's request for Gemini", () => {
  it('keeps text, system and developer messages, images, tools, calls and results of several turns', () => {
    const { contents, config = {} } = {
      contents: [
        {
          role: 'user',
          parts: [
            { text: 'Which is warmer, and what is this?' },
            { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
          ],
        },
        {
          role: 'model',
          parts: [
            { text: 'I will look.' },
            { functionCall: { id: 'call_1', name: 'get_weather', args: { town: 'Oslo' } } },
            { functionCall: { id: 'call_2', name: 'get_weather', args: { town: 'Rome' } } },
          ],
        },
        {
          role: 'user',
          parts: [
            { functionResponse: { id: 'call_1', name: 'get_weather', response: { output: '3 °C' } } },
            { functionResponse: { id: 'call_2', name: 'get_weather', response: { output: '18 °C' } } },
          ],
        },
        { role: 'user', parts: [{ text: 'And?' }] },
      ],
      config: { maxOutputTokens: 500, temperature: 0.5, topP: 0.9, stopSequences: ['END'] },
    } satisfies Omit<GenerateContentParameters, 'model'>;
    expect(at('gemini-generate', conversation)).toEqual({
      contents,
      systemInstruction: { parts: [{ text: 'Be brief.' }, { text: 'Use metric units.' }] },
      generationConfig: config,
      tools: [
        {
          functionDeclarations: [
            {
              name: 'get_weather',
              description: 'The weather in a town',
              parametersJsonSchema: {
                type: 'object',
                properties: { town: { type: 'string' } },
                required: ['town'],
              },
            },
          ],
        },
      ],
      toolConfig: { functionCallingConfig: { mode: 'ANY' } },
    });
  });

  it.each([
    ['gemini-2.5-flash', 'low', { thinkingBudget: 1_024 }],
    ['gemini-2.5-pro', 'none', { thinkingBudget: 0 }],
    ['gemini-3-pro-preview', 'xhigh', { thinkingLevel: 'HIGH' }],
  ] as const)('%s thinks with effort %s as %j', (model, effort, thinkingConfig) => {
    const messages: Chat['messages'] = [{ role: 'user', content: 'Hi' }];
    const sent = at('gemini-generate', { model, messages, reasoning_effort: effort });
    expect(sent?.generationConfig).toEqual({ thinkingConfig });
  });

  it('asks for JSON, with or without a schema, keeps a seed, and keeps strict tools to their schemas', () => {
    const messages: Chat['messages'] = [{ role: 'user', content: 'Hi' }];
    const model = 'gemini-2.5-flash';
    const form = { name: 'out', schema: { type: 'object' } };
    const sent = at('gemini-generate', {
      model,
      messages,
      seed: 7,
      tools: [weather],
      response_format: { type: 'json_schema', json_schema: form },
    });
    expect(sent).toMatchObject({
      generationConfig: { seed: 7, responseMimeType: 'application/json', responseJsonSchema: form.schema },
      toolConfig: { functionCallingConfig: { mode: 'VALIDATED' } },
    });
    const plain = at('gemini-generate', { model, messages, response_format: { type: 'json_object' } });
    expect(plain?.generationConfig).toEqual({ responseMimeType: 'application/json' });
  });

  it('hands Gemini back its signature with the call that it belongs to', () => {
    const assistant = {
      role: 'assistant' as const,
      content: 'I will look.',
      reasoning_details: [
        { type: 'reasoning.text', text: '', signature: 'c2ln', format: 'google-gemini-v1', index: 0 },
      ],
      tool_calls: [{ id: 'c', type: 'function' as const, function: { name: 'now', arguments: '' } }],
    };
    const sent = at('gemini-generate', {
      model: 'gemini-3-pro-preview',
      messages: [
        { role: 'user', content: 'Time?' },
        assistant,
        { role: 'tool', tool_call_id: 'c', content: 'noon' },
      ],
    });
    expect(sent?.contents).toMatchObject({
      1: {
        parts: [
          { text: 'I will look.' },
          { functionCall: { id: 'c', name: 'now', args: {} }, thoughtSignature: 'c2ln' },
        ],
      },
    });
  });
});
