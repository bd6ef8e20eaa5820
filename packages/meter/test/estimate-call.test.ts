import { describe, expect, it } from '@jest/globals';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { estimateCall } from '../src/index.js';

const text = 'Ten years of gardening, five of them in a botanical garden. '.repeat(40);
const body = { model: 'gpt-5-mini', max_completion_tokens: 100, messages: [{ role: 'user', content: text }] };

describe('estimateCall()', () => {
  it("counts the input with the model's tokenizer, at the first call too, and bounds the output by its cap", async () => {
    const estimate = await estimateCall({ body });
    const tokens = encode(text).length;
    expect(estimate).toMatchObject({
      provider: 'openai',
      model: 'gpt-5-mini',
      outputTokens: 100,
      counted: true,
    });
    expect(estimate.inputTokens).toBeGreaterThanOrEqual(tokens);
    expect(estimate.inputTokens).toBeLessThan(tokens * 1.3 + 150);
    expect(estimate.costNanoUsd).toBe(estimate.inputNanoUsd + estimate.outputNanoUsd);
  });

  it('takes bytes where the tokenizer is not public', async () => {
    const { provider, counted, inputTokens } = await estimateCall({
      url: 'https://api.anthropic.com/v1/messages',
      body: { model: 'claude-haiku-4-5', max_tokens: 100, messages: [{ role: 'user', content: text }] },
    });
    expect([provider, counted]).toEqual(['anthropic', false]);
    expect(inputTokens).toBeGreaterThanOrEqual(text.length);
  });

  it('rejects what would be refused, and what is no call', async () => {
    await expect(estimateCall({ body: { ...body, model: 'gpt-imaginary' } })).rejects.toMatchObject({
      code: 'model_not_priced',
    });
    await expect(estimateCall({ url: 'https://example.com/', body })).rejects.toThrow(
      '"url" must be that of a metered API',
    );
    await expect(estimateCall({ body: 'text' as never })).rejects.toThrow('"body" must be the JSON body');
    await expect(estimateCall({ body }, { inputBuond: 'tokens' } as never)).rejects.toThrow(
      'did you mean "inputBound"?',
    );
  });
});
