import { describe, expect, it } from '@jest/globals';
import type { ParseOptions } from '../../src/requests/parse-options.js';
import { call, type Fields, refusal } from './call.js';

describe('a hostile client cannot make the estimate smaller', () => {
  it('by a dearer service tier', () => {
    const plainCost = call('chat', { model: 'gpt-5' }).estimate.outputNanoUsd;
    expect(call('chat', { model: 'gpt-5', service_tier: 'priority' }).estimate.outputNanoUsd).toBe(
      2 * plainCost,
    );
    expect(call('chat', { model: 'gpt-5', service_tier: 'flex' }).estimate.outputNanoUsd).toBe(plainCost);
    for (const tier of ['turbo', 'PRIORITY!', '']) {
      expect(refusal('chat', { service_tier: tier })).toBe('400 unsupported_parameter service_tier');
      expect(refusal('responses', { service_tier: tier })).toBe('400 unsupported_parameter service_tier');
      expect(refusal('messages', { service_tier: tier })).toBe('400 unsupported_parameter service_tier');
      expect(refusal('gemini', { serviceTier: tier })).toBe('400 unsupported_parameter serviceTier');
    }
    expect(refusal('gemini', { service_tier: 'priority' })).toBe('400 unsupported_parameter serviceTier');
    expect(refusal('chat', { service_tier: ['priority'] })).toBe('400 invalid_value service_tier');
    expect(refusal('chat', { model: 'gpt-4-turbo', service_tier: 'priority' })).toBe(
      '400 unsupported_parameter service_tier',
    );
  });

  it("by the tier that the provider's project has set", () => {
    const plainCost = call('chat', { model: 'gpt-5' }).estimate.outputNanoUsd;
    const options: ParseOptions = { serviceTier: 'priority' };
    expect(call('chat', { model: 'gpt-5' }, options).estimate.outputNanoUsd).toBe(2 * plainCost);
    expect(call('chat', { model: 'gpt-5', service_tier: 'auto' }, options).estimate.outputNanoUsd).toBe(
      2 * plainCost,
    );
    expect(call('chat', { model: 'gpt-5', service_tier: 'default' }, options).estimate.outputNanoUsd).toBe(
      plainCost,
    );
  });

  it('by fast mode, or inference in one region', () => {
    const opus = { model: 'claude-opus-4-6', max_tokens: 1_000_000 };
    expect(call('messages', opus).estimate.outputNanoUsd).toBe(25_000_000_000);
    expect(call('messages', { ...opus, speed: 'fast' }).estimate.outputNanoUsd).toBe(150_000_000_000);
    expect(refusal('messages', { speed: 'fast' })).toBe('400 unsupported_parameter speed');
    expect(call('messages', { ...opus, inference_geo: 'us' }).estimate.outputNanoUsd).toBe(27_500_000_000);
    expect(call('messages', opus, { inferenceGeo: 'us' }).estimate.outputNanoUsd).toBe(27_500_000_000);
    expect(refusal('messages', { inference_geo: 'mars' })).toBe('400 unsupported_parameter inference_geo');
  });

  it('by writing to the prompt cache', () => {
    const text = { type: 'text', text: 'x'.repeat(10_000) };
    const cost = (more: Fields) => {
      const content = [{ ...text, ...more }];
      return call('messages', { messages: [{ role: 'user', content }] }).estimate;
    };
    const fresh = cost({});
    const short = cost({ cache_control: { type: 'ephemeral' } });
    const hour = cost({ cache_control: { type: 'ephemeral', ttl: '1h' } });
    expect(fresh.inputNanoUsd / fresh.inputTokens).toBe(1_000);
    expect(short.inputNanoUsd / short.inputTokens).toBe(1_250);
    expect(hour.inputNanoUsd / hour.inputTokens).toBe(2_000);
    const mentioned = cost({ text: `"cache_control":${'x'.repeat(10_000)}` });
    expect(mentioned.inputNanoUsd / mentioned.inputTokens).toBe(1_000);
  });

  it('by an input that reaches a long-context band: the whole call costs more', () => {
    const long = 'x'.repeat(200_100);
    const cost = (content: string) =>
      call('messages', {
        model: 'claude-sonnet-4-5',
        max_tokens: 1_000,
        messages: [{ role: 'user', content }],
      }).estimate;
    expect(cost('hi').outputNanoUsd).toBe(15_000_000);
    expect(cost(long).outputNanoUsd).toBe(22_500_000);
    expect(cost(long).inputNanoUsd).toBe(cost(long).inputTokens * 6_000);
  });
});
