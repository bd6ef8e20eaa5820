import { describe, expect, it } from '@jest/globals';
import type { JsonObject, WireApi } from '@tollgate/core/internal';
import { translatedFor } from '../../src/index.js';

const chat = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };
const message = { ...chat, max_tokens: 64 };
const response = { model: 'm', input: 'Hi' };
const image = (more: object) => [
  { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://a.example/b.png', ...more } }] },
];
const block = (...content: object[]) => ({ messages: [{ role: 'user', content }] });
const said = (...content: object[]) => ({
  messages: [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content },
  ],
});

/** What is asked of whom, and the name that the refusal gives it. */
const fromOpenAi: readonly (readonly [to: WireApi, more: object, param: string, code?: string])[] = [
  ['anthropic-messages', { n: 2 }, 'n'],
  ['anthropic-messages', { seed: 1 }, 'seed'],
  ['anthropic-messages', { temperature: 1.5 }, 'temperature'],
  ['anthropic-messages', { presence_penalty: 1 }, 'presence_penalty'],
  ['anthropic-messages', { frequency_penalty: 1 }, 'frequency_penalty'],
  ['anthropic-messages', { logit_bias: { 50256: -100 } }, 'logit_bias'],
  ['anthropic-messages', { logprobs: true }, 'logprobs'],
  ['anthropic-messages', { top_logprobs: 2 }, 'top_logprobs'],
  ['anthropic-messages', { store: true }, 'store'],
  ['anthropic-messages', { metadata: { a: 'b' } }, 'metadata'],
  ['anthropic-messages', { modalities: ['text', 'audio'] }, 'modalities'],
  ['anthropic-messages', { audio: { voice: 'alloy', format: 'mp3' } }, 'audio'],
  ['anthropic-messages', { prediction: { type: 'content', content: 'x' } }, 'prediction'],
  ['anthropic-messages', { web_search_options: {} }, 'web_search_options'],
  ['anthropic-messages', { service_tier: 'priority' }, 'service_tier'],
  ['anthropic-messages', { verbosity: 'low' }, 'verbosity'],
  ['anthropic-messages', { functions: [] }, 'functions'],
  ['anthropic-messages', { tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'tools[0].type'],
  ['anthropic-messages', { tool_choice: { type: 'allowed_tools' } }, 'tool_choice.type'],
  ['anthropic-messages', { response_format: { type: 'json_object' } }, 'response_format'],
  [
    'anthropic-messages',
    { stream_options: { include_obfuscation: true } },
    'stream_options.include_obfuscation',
  ],
  ['anthropic-messages', { max_tokens: 1, max_completion_tokens: 100_000 }, 'max_tokens'],
  ['anthropic-messages', { messages: image({ detail: 'high' }) }, 'messages[0].content[0].image_url.detail'],
  [
    'anthropic-messages',
    { messages: [...chat.messages, { role: 'system', content: 'Be brief' }] },
    'messages[1].role',
  ],
  ['anthropic-messages', { messages: [{ role: 'user', name: 'Ann', content: 'Hi' }] }, 'messages[0].name'],
  [
    'anthropic-messages',
    { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] },
    'messages[0].content[0].type',
  ],
  ['anthropic-messages', { api_base: 'http://evil.example' }, 'api_base'],
  ['anthropic-messages', { anything_new: 1 }, 'anything_new'],
  ['gemini-generate', { user: 'u' }, 'user'],
  ['gemini-generate', { parallel_tool_calls: false }, 'parallel_tool_calls'],
  ['gemini-generate', { model: 'gemini-3-pro-preview', reasoning_effort: 'none' }, 'reasoning_effort'],
  [
    'gemini-generate',
    { messages: image({ url: 'https://a.example/b' }) },
    'messages[0].content[0].image_url.url',
  ],
  ['gemini-generate', { stop: ['1', '2', '3', '4', '5', '6'] }, 'stop'],
  ['anthropic-messages', { max_tokens: 0 }, 'max_tokens', 'invalid_value'],
  ['anthropic-messages', { max_tokens: '5' }, 'max_tokens', 'invalid_value'],
  ['anthropic-messages', { temperature: 'hot' }, 'temperature', 'invalid_value'],
  ['anthropic-messages', { messages: [] }, 'messages', 'invalid_value'],
  ['anthropic-messages', { messages: 'Hi' }, 'messages', 'invalid_value'],
  [
    'anthropic-messages',
    { messages: [{ role: 'user', content: 7 }] },
    'messages[0].content',
    'invalid_value',
  ],
  ['anthropic-messages', { model: ['a', 'b'] }, 'model', 'invalid_value'],
  [
    'anthropic-messages',
    { messages: image({ url: 'data:text/html;base64,eA==' }) },
    'messages[0].content[0].image_url.url',
    'invalid_value',
  ],
  [
    'gemini-generate',
    { messages: [{ role: 'tool', tool_call_id: 'c', content: 'x' }] },
    'messages[0]',
    'invalid_value',
  ],
];

const fromAnthropic: readonly (readonly [to: WireApi, more: object, param: string, code?: string])[] = [
  ['openai-chat', { top_k: 5 }, 'top_k'],
  ['openai-chat', { cache_control: { type: 'forever' } }, 'cache_control.type'],
  ['openai-chat', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools[0].type'],
  ['openai-chat', { context_management: { edits: [] } }, 'context_management'],
  ['openai-chat', { container: 'c' }, 'container'],
  ['openai-chat', { inference_geo: 'us' }, 'inference_geo'],
  ['openai-chat', { speed: 'fast' }, 'speed'],
  ['openai-chat', { stop_sequences: ['1', '2', '3', '4', '5'] }, 'stop_sequences'],
  ['openai-chat', said({ type: 'thinking', thinking: 'Hm', signature: 'c2ln' }), 'messages[1].content[0]'],
  ['openai-chat', said({ type: 'redacted_thinking', data: 'eA==' }), 'messages[1].content[0]'],
  [
    'gemini-generate',
    said({ type: 'thinking', thinking: 'Hm', signature: 'c2ln' }),
    'messages[1].content[0]',
  ],
  ['gemini-generate', { metadata: { user_id: 'u' } }, 'metadata.user_id'],
  [
    'gemini-generate',
    { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    'tool_choice.disable_parallel_tool_use',
  ],
  ['openai-chat', block({ type: 'search_result' }), 'messages[0].content[0].type'],
  [
    'openai-chat',
    block({
      type: 'tool_result',
      tool_use_id: 't',
      content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'eA==' } }],
    }),
    'messages[0].content[0].content[0].source',
  ],
  ['openai-chat', { max_tokens: null }, 'max_tokens', 'invalid_value'],
  ['openai-chat', { max_tokens: -1 }, 'max_tokens', 'invalid_value'],
  ['openai-chat', { thinking: { type: 'enabled' } }, 'thinking.budget_tokens', 'invalid_value'],
];

const item = (...input: object[]) => ({ input });
const asked = (...content: object[]) => item({ role: 'user', content });

const fromResponses: readonly (readonly [to: WireApi, more: object, param: string, code?: string])[] = [
  ['openai-chat', { previous_response_id: 'resp_1' }, 'previous_response_id'],
  ['openai-chat', { conversation: { id: 'conv_1' } }, 'conversation'],
  ['openai-chat', { prompt: { id: 'pmpt_1' } }, 'prompt'],
  ['openai-chat', { store: true }, 'store'],
  ['openai-chat', { background: true }, 'background'],
  ['openai-chat', { truncation: 'auto' }, 'truncation'],
  ['openai-chat', { include: ['web_search_call.results'] }, 'include'],
  ['openai-chat', { max_tool_calls: 3 }, 'max_tool_calls'],
  ['openai-chat', { prompt_cache_retention: 'in_memory' }, 'prompt_cache_retention'],
  ['openai-chat', { reasoning: { mode: 'pro' } }, 'reasoning.mode'],
  ['openai-chat', { reasoning: { context: 'all_turns' } }, 'reasoning.context'],
  ['openai-chat', { tools: [{ type: 'web_search' }] }, 'tools[0].type'],
  ['openai-chat', { tools: [{ type: 'mcp', server_label: 'x' }] }, 'tools[0].type'],
  [
    'openai-chat',
    { tools: [{ type: 'function', name: 'x', defer_loading: true }] },
    'tools[0].defer_loading',
  ],
  ['openai-chat', { tool_choice: { type: 'file_search' } }, 'tool_choice.type'],
  ['openai-chat', item({ type: 'item_reference', id: 'msg_1' }), 'input[0].type'],
  ['openai-chat', item({ type: 'web_search_call', id: 'ws_1', status: 'completed' }), 'input[0].type'],
  ['openai-chat', item({ type: 'compaction', encrypted_content: 'x' }), 'input[0].type'],
  ['openai-chat', item({ role: 'user', content: 'Hi' }, { role: 'system', content: 'x' }), 'input[1].role'],
  ['openai-chat', item({ role: 'assistant', content: 'Hi', phase: 'commentary' }), 'input[0].phase'],
  [
    'openai-chat',
    item({ role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] }),
    'input[0].content[0].type',
  ],
  ['openai-chat', asked({ type: 'input_image', file_id: 'file_1' }), 'input[0].content[0].file_id'],
  ['openai-chat', asked({ type: 'input_file', file_id: 'file_1' }), 'input[0].content[0].file_id'],
  [
    'openai-chat',
    asked({ type: 'input_file', file_url: 'https://a.example/b.pdf' }),
    'input[0].content[0].file_url',
  ],
  [
    'openai-chat',
    asked({ type: 'input_image', image_url: 'https://a.example/b.png', detail: 'original' }),
    'input[0].content[0].detail',
  ],
  [
    'anthropic-messages',
    asked({ type: 'input_image', image_url: 'https://a.example/b.png', detail: 'low' }),
    'input[0].content[0].detail',
  ],
  ['anthropic-messages', item({ type: 'reasoning', summary: [], encrypted_content: 'x' }), 'input[0]'],
  ['openai-chat', item({ type: 'reasoning', summary: [], encrypted_content: 'x' }), 'input[0]'],
  ['gemini-generate', item({ type: 'reasoning', summary: [], encrypted_content: 'anthropic:x' }), 'input[0]'],
  ['anthropic-messages', { text: { verbosity: 'low' } }, 'text.verbosity'],
  ['anthropic-messages', { text: { format: { type: 'json_object' } } }, 'text.format'],
  ['gemini-generate', { safety_identifier: 'u' }, 'safety_identifier'],
  ['openai-chat', { input: undefined }, 'input', 'invalid_value'],
  ['openai-chat', { input: [] }, 'input', 'invalid_value'],
  ['openai-chat', { max_output_tokens: 0 }, 'max_output_tokens', 'invalid_value'],
  [
    'openai-chat',
    item({ type: 'function_call', call_id: 'c', name: 'x', arguments: 'no' }),
    'input[0].arguments',
    'invalid_value',
  ],
];

const toResponses: readonly (readonly [from: WireApi, more: object, param: string])[] = [
  ['openai-chat', { stop: 'x' }, 'stop'],
  ['openai-chat', { seed: 1 }, 'seed'],
  ['openai-chat', { presence_penalty: 1 }, 'presence_penalty'],
  ['openai-chat', { frequency_penalty: 1 }, 'frequency_penalty'],
  ['anthropic-messages', { top_k: 5 }, 'top_k'],
  ['anthropic-messages', { stop_sequences: ['x'] }, 'stop_sequences'],
  [
    'anthropic-messages',
    said({ type: 'thinking', thinking: 'Hm', signature: 'c2ln' }),
    'messages[1].content[0]',
  ],
  [
    'anthropic-messages',
    block({
      type: 'tool_result',
      tool_use_id: 't',
      is_error: true,
      content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'eA==' } }],
    }),
    'messages[0].content[0]',
  ],
];

describe('what cannot be translated is refused by the name that the client gave it', () => {
  it.each(fromOpenAi)(
    "OpenAI's client to %s: %j names %s",
    (to, more, param, code = 'unsupported_parameter') => {
      const body = JSON.parse(JSON.stringify({ ...chat, ...more }));
      expect(() => translatedFor({ apis: [to] }, 'openai-chat', body)).toThrow(
        expect.objectContaining({ status: 400, code, param }),
      );
    },
  );

  it.each(fromAnthropic)(
    "Anthropic's client to %s: %j names %s",
    (to, more, param, code = 'unsupported_parameter') => {
      const body = JSON.parse(JSON.stringify({ ...message, ...more }));
      expect(() => translatedFor({ apis: [to] }, 'anthropic-messages', body)).toThrow(
        expect.objectContaining({ status: 400, code, param }),
      );
    },
  );

  it.each(fromResponses)(
    "the client of OpenAI's responses to %s: %j names %s",
    (to, more, param, code = 'unsupported_parameter') => {
      const body = JSON.parse(JSON.stringify({ ...response, ...more }));
      expect(() => translatedFor({ apis: [to] }, 'openai-responses', body)).toThrow(
        expect.objectContaining({ status: 400, code, param }),
      );
    },
  );

  it.each(toResponses)("%s's client to OpenAI's responses: %j names %s", (from, more, param) => {
    const base = from === 'openai-chat' ? chat : message;
    const body = JSON.parse(JSON.stringify({ ...base, ...more }));
    expect(() => translatedFor({ apis: ['openai-responses'] }, from, body)).toThrow(
      expect.objectContaining({ status: 400, code: 'unsupported_parameter', param }),
    );
  });

  it('takes what changes nothing, and null for what is absent', () => {
    const body: JsonObject = {
      ...chat,
      n: 1,
      store: false,
      logprobs: false,
      logit_bias: {},
      presence_penalty: 0,
      modalities: ['text'],
      service_tier: 'auto',
      response_format: { type: 'text' },
      stop: null,
      seed: null,
      metadata: null,
    };
    expect(translatedFor({ apis: ['anthropic-messages'] }, 'openai-chat', body)?.body).toEqual(chat);
  });

  it('is not asked of a provider that speaks no chat format, or of a client that does not', () => {
    expect(translatedFor({ apis: ['openai-embeddings'] }, 'openai-chat', chat)).toBeUndefined();
    expect(translatedFor({ apis: ['anthropic-messages'] }, 'openai-embeddings', chat)).toBeUndefined();
  });
});
