import { describe, expect, it } from '@jest/globals';
import type { Usage } from '@tollgate/core';
import { noUsage } from '@tollgate/core/internal';
import fc from 'fast-check';
import { costOf } from '../../src/prices/price.js';
import type { MeteredCall } from '../../src/requests/metered-call.js';
import { call, type Fields, type Path } from '../requests/call.js';

const cached = { type: 'text', text: 'x'.repeat(900), cache_control: { type: 'ephemeral' } };
const cachedForAnHour = { ...cached, cache_control: { type: 'ephemeral', ttl: '1h' } };
const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 2 };
const user = (content: Fields[string]): Fields => ({ messages: [{ role: 'user', content }] });

const requests: readonly [Path, Fields][] = [
  ['chat', { max_tokens: 300, n: 2 }],
  ['chat', { model: 'gpt-5.6-sol', max_tokens: 300, ...user('x'.repeat(300_000)) }],
  ['chat', { model: 'gpt-5', service_tier: 'priority', max_tokens: 300 }],
  ['chat', { model: 'gpt-5', service_tier: 'flex', max_tokens: 300 }],
  ['responses', { model: 'o3', max_output_tokens: 300 }],
  ['embeddings', {}],
  ['messages', { max_tokens: 300 }],
  ['messages', { model: 'claude-sonnet-4-5', max_tokens: 300, ...user([cached]) }],
  ['messages', { model: 'claude-sonnet-4-5', max_tokens: 300, ...user([cachedForAnHour, cached]) }],
  ['messages', { model: 'claude-sonnet-4-5', max_tokens: 300, ...user('x'.repeat(201_000)) }],
  ['messages', { model: 'claude-opus-4-6', speed: 'fast', inference_geo: 'us', max_tokens: 300 }],
  ['messages', { max_tokens: 300, tools: [search] }],
  ['gemini', { generationConfig: { maxOutputTokens: 300, candidateCount: 3 } }],
];

/** Any usage that a provider can report for a call within its bound. */
function usageWithin({ estimate, facts }: MeteredCall): fc.Arbitrary<Usage> {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const tier = fc.constantFrom(undefined, 'default', 'standard', facts.tier?.name);
  return fc
    .record({ input: share, read: share, write: share, hour: share, output: share, reasoning: share, tier })
    .map((of) => {
      const inputTokens = Math.round(estimate.inputTokens * of.input);
      const cacheWriteTokens = facts.cacheWrites === 'never' ? 0 : Math.round(inputTokens * of.write);
      const outputTokens = Math.round(estimate.outputTokens * of.output);
      return {
        ...noUsage,
        inputTokens,
        cacheWriteTokens,
        cacheWrite1hTokens: facts.cacheWrites === 'hour' ? Math.round(cacheWriteTokens * of.hour) : 0,
        cachedInputTokens: Math.round((inputTokens - cacheWriteTokens) * of.read),
        outputTokens,
        reasoningTokens: Math.round(outputTokens * of.reasoning),
        toolRequests: Object.fromEntries(facts.tools.map((tool) => [tool.name, tool.maxUses ?? 0])),
        tier: of.tier,
      };
    });
}

describe('an estimate', () => {
  it.each(requests)('is never exceeded by a usage within its bound: %s %#', (path, body) => {
    const parsed = call(path, body);
    fc.assert(
      fc.property(usageWithin(parsed), (usage) => {
        expect(costOf(parsed.price, usage)).toBeLessThanOrEqual(parsed.estimate.costNanoUsd);
      }),
      { numRuns: 200 },
    );
  });

  it('is met exactly by the whole bound at its dearest price', () => {
    const parsed = call('messages', {
      model: 'claude-sonnet-4-5',
      max_tokens: 300,
      ...user([cachedForAnHour]),
    });
    const { inputTokens, outputTokens, costNanoUsd } = parsed.estimate;
    const usage = {
      inputTokens,
      cacheWriteTokens: inputTokens,
      cacheWrite1hTokens: inputTokens,
      outputTokens,
    };
    expect(costOf(parsed.price, { ...noUsage, ...usage })).toBe(costNanoUsd);
  });

  it('charges the fee that the app declares for a tool', () => {
    const tools = { web_search: { usdPerUse: '0.02', inputTokensPerUse: 0 } };
    const parsed = call('messages', { max_tokens: 1, tools: [search] }, { tools });
    expect(costOf(parsed.price, { ...noUsage, toolRequests: { web_search: 2 } })).toBe(40_000_000);
  });
});
