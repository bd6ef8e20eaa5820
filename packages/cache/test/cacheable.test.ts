import { describe, expect, it } from '@jest/globals';
import type { JsonObject, WireApi } from '@tollgate/core/internal';
import { isDeterministic, isSelfContained } from '../src/cacheable.js';

describe('which calls ask for the same answer each time', () => {
  it.each<[WireApi, JsonObject]>([
    ['openai-chat', { temperature: 0 }],
    ['openai-chat', { seed: 0 }],
    ['openai-chat', { temperature: 0, tools: [{ type: 'function' }, { type: 'custom' }] }],
    ['openai-responses', { temperature: 0, tools: [{ type: 'function' }] }],
    ['openai-embeddings', {}],
    ['anthropic-messages', { temperature: 0, tools: [{ name: 'look', input_schema: {} }] }],
    ['gemini-generate', { generationConfig: { temperature: 0 } }],
    ['gemini-generate', { generation_config: { seed: 5 }, tools: [{ functionDeclarations: [] }] }],
  ])('%s %j', (api, body) => {
    expect(isDeterministic(api, body)).toBe(true);
  });

  it.each<[WireApi, JsonObject]>([
    ['openai-chat', {}],
    ['openai-chat', { temperature: 0.01 }],
    ['openai-chat', { temperature: '0' }],
    ['openai-chat', { temperature: null, seed: null }],
    ['openai-chat', { temperature: 0, web_search_options: {} }],
    ['openai-responses', { temperature: 0, tools: [{ type: 'web_search' }] }],
    ['openai-responses', { temperature: 0, tools: ['web_search'] }],
    ['anthropic-messages', { temperature: 0, tools: [{ type: 'web_fetch_20250910', name: 'web_fetch' }] }],
    ['anthropic-messages', { temperature: 0, mcp_servers: [{}] }],
    ['gemini-generate', { temperature: 0 }],
    ['gemini-generate', { generationConfig: { temperature: 0 }, tools: [{ googleSearch: {} }] }],
  ])('not %s %j', (api, body) => {
    expect(isDeterministic(api, body)).toBe(false);
  });

  it('and are told by their body alone', () => {
    expect(isSelfContained({ model: 'm', conversation: null, background: false })).toBe(true);
    for (const name of ['conversation', 'previous_response_id', 'prompt', 'background', 'container'])
      expect(isSelfContained({ model: 'm', [name]: name === 'background' ? true : 'x' })).toBe(false);
    for (const body of [undefined, null, 'text', []]) expect(isSelfContained(body)).toBe(false);
  });
});
