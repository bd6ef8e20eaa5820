import { describe, expect, it } from '@jest/globals';
import type { JsonObject, WireApi } from '@tollgate/core/internal';
import { translatedFor } from '../../src/index.js';

const to = (api: WireApi, body: JsonObject): JsonObject | undefined =>
  translatedFor({ apis: [api] }, 'openai-responses', body)?.body;
const from = (api: WireApi, body: JsonObject): JsonObject | undefined =>
  translatedFor({ apis: ['openai-responses'] }, api, body)?.body;

const png = 'data:image/png;base64,eA==';
const tool = { type: 'function', name: 'now', parameters: { type: 'object' }, strict: true };

/** A conversation of several turns, as the official client hands it back. */
const conversation: JsonObject = {
  model: 'claude-sonnet-5',
  instructions: 'Be brief.',
  input: [
    { role: 'developer', content: 'Speak English.' },
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'What time is it here?', prompt_cache_breakpoint: { mode: 'explicit' } },
        { type: 'input_image', image_url: png, detail: 'auto' },
        { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,eA==' },
      ],
    },
    {
      type: 'reasoning',
      id: 'rs_1',
      summary: [{ type: 'summary_text', text: 'Hm.' }],
      encrypted_content: 'anthropic:c2ln',
      status: 'completed',
    },
    { type: 'reasoning', id: 'rs_2', summary: [], encrypted_content: 'anthropic-redacted:eA==' },
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'I look.', annotations: [], logprobs: [] }],
    },
    {
      type: 'function_call',
      id: 'fc_1',
      call_id: 'c1',
      name: 'now',
      arguments: '{"zone":"UTC"}',
      status: 'completed',
    },
    {
      type: 'function_call',
      id: 'fc_2',
      call_id: 'c2',
      name: 'now',
      arguments: '',
      caller: { type: 'direct' },
    },
    { type: 'function_call_output', call_id: 'c1', output: 'noon' },
    { type: 'function_call_output', call_id: 'c2', output: [{ type: 'input_text', text: 'one' }] },
  ],
  tools: [tool],
  tool_choice: { type: 'function', name: 'now' },
  parallel_tool_calls: false,
  max_output_tokens: 4_000,
  reasoning: { effort: 'low', summary: 'auto' },
  text: {
    format: {
      type: 'json_schema',
      name: 'time',
      description: 'The hour.',
      schema: { type: 'object' },
      strict: true,
    },
  },
  service_tier: 'default',
  safety_identifier: 'u1',
  include: ['reasoning.encrypted_content'],
  store: false,
  stream: true,
};

describe("a request of OpenAI's responses", () => {
  it("becomes Anthropic's, every turn of it", () => {
    expect(to('anthropic-messages', conversation)).toEqual({
      model: 'claude-sonnet-5',
      system: [
        { type: 'text', text: 'Be brief.' },
        { type: 'text', text: 'Speak English.' },
      ],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What time is it here?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'eA==' } },
            {
              type: 'document',
              title: 'a.pdf',
              source: { type: 'base64', media_type: 'application/pdf', data: 'eA==' },
            },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
            { type: 'redacted_thinking', data: 'eA==' },
            { type: 'text', text: 'I look.' },
            { type: 'tool_use', id: 'c1', name: 'now', input: { zone: 'UTC' } },
            { type: 'tool_use', id: 'c2', name: 'now', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'c1', content: [{ type: 'text', text: 'noon' }] },
            { type: 'tool_result', tool_use_id: 'c2', content: [{ type: 'text', text: 'one' }] },
          ],
        },
      ],
      tools: [{ name: 'now', input_schema: { type: 'object' }, strict: true }],
      tool_choice: { type: 'tool', name: 'now', disable_parallel_tool_use: true },
      max_tokens: 4_000,
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: {
        effort: 'low',
        format: { type: 'json_schema', schema: { type: 'object', description: 'The hour.' } },
      },
      metadata: { user_id: 'u1' },
      service_tier: 'standard_only',
      stream: true,
    });
  });

  it("becomes OpenAI's chat completions", () => {
    const { input, ...settings } = conversation;
    const items = Array.isArray(input)
      ? input.filter((item) => !JSON.stringify(item).includes('anthropic'))
      : [];
    expect(to('openai-chat', { ...settings, input: items })).toEqual({
      model: 'claude-sonnet-5',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'system', content: 'Speak English.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What time is it here?' },
            { type: 'image_url', image_url: { url: png } },
            { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,eA==' } },
          ],
        },
        {
          role: 'assistant',
          content: 'I look.',
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'now', arguments: '{"zone":"UTC"}' } },
            { id: 'c2', type: 'function', function: { name: 'now', arguments: '{}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'noon' },
        { role: 'tool', tool_call_id: 'c2', content: 'one' },
      ],
      tools: [{ type: 'function', function: { name: 'now', parameters: { type: 'object' }, strict: true } }],
      tool_choice: { type: 'function', function: { name: 'now' } },
      parallel_tool_calls: false,
      max_completion_tokens: 4_000,
      reasoning_effort: 'low',
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'time', description: 'The hour.', schema: { type: 'object' }, strict: true },
      },
      service_tier: 'default',
      safety_identifier: 'u1',
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it('drops thoughts that nobody signed on the way to a provider that wants none back', () => {
    const input = [
      { role: 'user', content: 'Hi' },
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm.' }] },
      { role: 'assistant', content: 'Well?' },
    ];
    expect(to('openai-chat', { model: 'm', input })?.messages).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Well?' },
    ]);
  });
});

describe("a request for a provider of OpenAI's responses", () => {
  it("is made of Anthropic's, with nothing kept at the provider and thoughts to hand back", () => {
    const body: JsonObject = {
      model: 'gpt-5',
      max_tokens: 3_000,
      system: 'Be brief.',
      thinking: { type: 'enabled', budget_tokens: 2_000 },
      tools: [{ name: 'now', input_schema: { type: 'object' } }],
      messages: [
        { role: 'user', content: 'What time is it?' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm.', signature: 'openai:enc1' },
            { type: 'tool_use', id: 't1', name: 'now', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 't1',
              content: [
                { type: 'text', text: 'See:' },
                { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'eA==' } },
              ],
            },
            { type: 'document', source: { type: 'url', url: 'https://a.example/b.pdf' } },
          ],
        },
      ],
    };
    expect(from('anthropic-messages', body)).toEqual({
      model: 'gpt-5',
      store: false,
      include: ['reasoning.encrypted_content'],
      max_output_tokens: 3_000,
      reasoning: { effort: 'low', summary: 'auto' },
      tools: [{ type: 'function', name: 'now', parameters: { type: 'object' }, strict: false }],
      input: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'What time is it?' },
        { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.' }], encrypted_content: 'enc1' },
        { type: 'function_call', call_id: 't1', name: 'now', arguments: '{}' },
        {
          type: 'function_call_output',
          call_id: 't1',
          output: [
            { type: 'input_text', text: 'See:' },
            { type: 'input_image', image_url: png, detail: 'auto' },
          ],
        },
        { role: 'user', content: [{ type: 'input_file', file_url: 'https://a.example/b.pdf' }] },
      ],
    });
  });

  it.each([
    ['o4-mini', true],
    ['gpt-5.6', true],
    ['gpt-5-chat-latest', false],
    ['gpt-4.1', false],
    ['llama3.3', false],
  ])('of %s asks for encrypted thoughts: %s', (model, expected) => {
    const body = from('openai-chat', { model, messages: [{ role: 'user', content: 'Hi' }] });
    expect(body?.include !== undefined).toBe(expected);
  });
});
