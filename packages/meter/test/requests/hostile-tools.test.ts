import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@tollgate/core/internal';
import type { ParseOptions } from '../../src/requests/parse-options.js';
import { call, type Fields, type Path, refusal, sent } from './call.js';

describe('a hostile client cannot make the estimate smaller', () => {
  describe('by server-side tools whose uses have no bound or no price', () => {
    it.each<readonly [Path, Fields, string]>([
      ['chat', { web_search_options: {} }, 'web_search_options'],
      ['chat', { tools: [{ type: 'mcp' }] }, 'tools[0]'],
      ['responses', { tools: [{ type: 'web_search' }] }, 'tools[0]'],
      ['responses', { tools: [{ type: 'web_search_preview_2025_03_11' }] }, 'tools[0]'],
      ['responses', { tools: [{ type: 'file_search', vector_store_ids: ['v'] }] }, 'tools[0]'],
      ['responses', { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] }, 'tools[0]'],
      ['responses', { tools: [{ type: 'image_generation' }], max_tool_calls: 1 }, 'tools[0]'],
      [
        'responses',
        { tools: [{ type: 'mcp', server_url: 'https://x.example' }], max_tool_calls: 1 },
        'tools[0]',
      ],
      ['responses', { tools: [{ type: 'shell' }] }, 'tools[0]'],
      ['responses', { tools: [{ type: 'tool_search' }] }, 'tools[0]'],
      ['responses', { tools: [{ type: 'programmatic_tool_calling' }] }, 'tools[0]'],
      ['messages', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools[0]'],
      ['messages', { tools: [{ type: 'web_fetch_20260309', name: 'web_fetch' }] }, 'tools[0]'],
      ['messages', { tools: [{ type: 'code_execution_20260521', name: 'code_execution' }] }, 'tools[0]'],
      [
        'messages',
        { tools: [{ type: 'advisor_20260301', name: 'advisor', model: 'claude-opus-5' }] },
        'tools[0]',
      ],
      ['messages', { tools: [{ type: 'mcp_toolset', mcp_server_name: 'x' }] }, 'tools[0]'],
      ['messages', { mcp_servers: [{ type: 'url', url: 'https://x.example' }] }, 'mcp_servers'],
      ['gemini', { tools: [{ googleSearch: {} }] }, 'tools[0].googleSearch'],
      ['gemini', { tools: [{ google_search: {} }] }, 'tools[0].google_search'],
      ['gemini', { tools: [{ codeExecution: {} }] }, 'tools[0].codeExecution'],
      ['gemini', { tools: [{ urlContext: {} }] }, 'tools[0].urlContext'],
      ['gemini', { tools: [{ googleMaps: {} }] }, 'tools[0].googleMaps'],
      ['gemini', { tools: [{ fileSearch: {} }] }, 'tools[0].fileSearch'],
    ])('%s %j', (path, body, param) => {
      expect(refusal(path, body)).toBe(`400 unsupported_parameter ${param}`);
    });
  });

  it('and may leave out the type of a function, as clients of Mistral do', () => {
    expect(refusal('chat', { tools: [{ function: { name: 'f', parameters: {} } }] })).toBe('passed');
    expect(refusal('chat', { tools: [{ name: 'f' }] })).toBe('400 invalid_value tools[0].type');
  });

  it('by hiding server-side tools in items of the input, or in namespaces', () => {
    const search = (tools: JsonValue[]): Fields => ({
      input: [
        { role: 'user', content: 'search' },
        { type: 'tool_search_output', execution: 'client', call_id: 'c', status: 'completed', tools },
      ],
    });
    const own = { type: 'function', name: 'f', parameters: {} };
    expect(refusal('responses', search([own]))).toBe('passed');
    expect(refusal('responses', search([own, { type: 'web_search' }]))).toBe(
      '400 unsupported_parameter input[1].tools[1]',
    );
    for (const type of ['mcp', 'code_interpreter', 'file_search', 'image_generation', 'shell', 'x_search']) {
      expect(refusal('responses', search([{ type }]))).toBe('400 unsupported_parameter input[1].tools[0]');
    }
    const hidden = { type: 'namespace', name: 'n', tools: [own, { type: 'web_search' }] };
    expect(refusal('responses', { tools: [hidden] })).toBe('400 unsupported_parameter tools[0].tools[1]');
    expect(refusal('responses', { tools: [{ type: 'namespace', name: 'n', tools: [own] }] })).toBe('passed');
    expect(refusal('responses', search([{ type: 'namespace', tools: [hidden] }]))).toBe(
      '400 unsupported_parameter input[1].tools[0].tools[0].tools[1]',
    );
    expect(refusal('responses', search(['web_search']))).toBe('400 invalid_value input[1].tools[0]');
    const described = { type: 'mcp_list_tools', server_label: 's', tools: [{ name: 'n', input_schema: {} }] };
    expect(refusal('responses', { input: [described] })).toBe('passed');
    const allowed = call(
      'responses',
      { ...search([{ type: 'web_search' }]), max_tool_calls: 2 },
      {
        tools: { web_search: { maxUses: 2 } },
      },
    );
    expect(allowed.facts.tools).toMatchObject([
      { name: 'web_search', param: 'input[1].tools[0]', maxUses: 2 },
    ]);
    expect(allowed.estimate.costNanoUsd).toBeGreaterThan(
      call('responses', search([own])).estimate.costNanoUsd,
    );
  });

  it('by naming what was reasoned before, which is at the provider', () => {
    const item = (more: Fields): Fields => ({
      input: [{ type: 'reasoning', id: 'rs_1', summary: [], ...more }],
    });
    const refused = '400 unsupported_parameter input[0]';
    for (const more of [{}, { encrypted_content: null }, { encrypted_content: '' }, { content: [] }]) {
      expect(refusal('responses', item(more))).toBe(refused);
    }
    expect(refusal('responses', item({ encrypted_content: 'gAAAA' }))).toBe('passed');
    expect(refusal('responses', item({ content: [{ type: 'reasoning_text', text: 'so' }] }))).toBe('passed');
    const bounded = call('responses', item({}), { worstCase: { conversation: 50_000 } });
    expect(bounded.estimate.inputTokens).toBeGreaterThan(50_000);
  });

  it('by server-side tools that are allowed: each use is priced, and reads everything again', () => {
    const none = call('messages', { max_tokens: 100 }).estimate;
    const tools = [{ type: 'web_search_20250305', name: 'web_search', max_uses: 2 }];
    const bounded = call('messages', { max_tokens: 100, tools }).estimate;
    expect(bounded.inputTokens).toBeGreaterThanOrEqual(3 * none.inputTokens + 2 * 200_000);
    expect(bounded.inputNanoUsd).toBe(bounded.inputTokens * 1_000 + 2 * 10_000_000);
    const declared: ParseOptions = { tools: { web_search: { maxUses: 2, inputTokensPerUse: 1_000 } } };
    const tight = call('messages', { max_tokens: 100, tools }, declared).estimate;
    const first = call('messages', { max_tokens: 100, tools }, declared).facts.addedTokens;
    expect(tight.inputTokens).toBeLessThan(bounded.inputTokens);
    expect(tight.inputTokens).toBeGreaterThanOrEqual(3 * first + 3 * 1_000 + 2 * 100);
    const more = [{ ...tools[0], max_uses: 3 }];
    expect(refusal('messages', { tools: more }, declared)).toBe('400 invalid_value tools[0].max_uses');
    expect(refusal('messages', { tools: [{ ...tools[0], max_uses: 0 }] })).toBe(
      '400 invalid_value tools[0].max_uses',
    );
  });

  it('by leaving the uses of an allowed tool open: the bound is written into the request', () => {
    const tools = [
      { name: 'mine', input_schema: {} },
      { type: 'web_search_20250305', name: 'web_search' },
    ];
    const options: ParseOptions = { tools: { web_search: { maxUses: 3 } } };
    expect(sent(call('messages', { tools }, options)).tools).toEqual([
      tools[0],
      { ...tools[1], max_uses: 3 },
    ]);
    expect(tools[1]).not.toHaveProperty('max_uses');
    const openai = call('responses', { tools: [{ type: 'web_search' }] }, options);
    expect(sent(openai).max_tool_calls).toBe(3);
  });
});
