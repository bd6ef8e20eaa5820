import { describe, expect, it } from '@jest/globals';
import type { Usage } from '@tollgate/core';
import { noUsage } from '@tollgate/core/internal';
import { costOf } from '../../src/prices/price.js';
import { priceCatalogue } from '../../src/prices/price-catalogue.js';

/** Tokens, and the published price of a million of them in dollars. */
type Part = readonly [tokens: number, usdPerMillion: string];

interface Example {
  readonly provider: string;
  readonly model: string;
  readonly what: string;
  readonly usage: Partial<Usage>;
  readonly parts: readonly Part[];
  /** Of the sum of the parts, where a tier changes it. */
  readonly times?: readonly [by: bigint, over: bigint];
  readonly nanoUsd: number;
}

/**
 * Published prices (platform.openai.com/docs/pricing, platform.claude.com/docs pricing, ai.google.dev/gemini-api/docs/pricing, mistral.ai/pricing,
 * groq.com/pricing; November 2026), and what each usage comes to by hand.
 */
const examples: readonly Example[] = [
  {
    ...{ provider: 'openai', model: 'gpt-5', what: 'fresh input, cached input, output with reasoning' },
    usage: { inputTokens: 10_000, cachedInputTokens: 6_000, outputTokens: 2_000, reasoningTokens: 1_500 },
    parts: [
      [4_000, '1.25'],
      [6_000, '0.125'],
      [2_000, '10'],
    ],
    nanoUsd: 25_750_000,
  },
  {
    ...{ provider: 'openai', model: 'gpt-5', what: 'the same by priority processing, twice as dear' },
    usage: { inputTokens: 10_000, cachedInputTokens: 6_000, outputTokens: 2_000, tier: 'priority' },
    parts: [
      [4_000, '1.25'],
      [6_000, '0.125'],
      [2_000, '10'],
    ],
    times: [2n, 1n],
    nanoUsd: 51_500_000,
  },
  {
    ...{ provider: 'openai', model: 'gpt-5-mini', what: 'one token of each, rounded up once' },
    usage: { inputTokens: 2, cachedInputTokens: 1, outputTokens: 1 },
    parts: [
      [1, '0.25'],
      [1, '0.025'],
      [1, '2'],
    ],
    nanoUsd: 2_275,
  },
  {
    ...{ provider: 'openai', model: 'gpt-5-mini', what: 'flex, half: 2 275 ÷ 2 rounded up' },
    usage: { inputTokens: 2, cachedInputTokens: 1, outputTokens: 1, tier: 'flex' },
    parts: [
      [1, '0.25'],
      [1, '0.025'],
      [1, '2'],
    ],
    times: [1n, 2n],
    nanoUsd: 1_138,
  },
  {
    ...{ provider: 'openai', model: 'gpt-4o', what: 'cached input at half' },
    usage: { inputTokens: 3_000, cachedInputTokens: 1_000, outputTokens: 500 },
    parts: [
      [2_000, '2.50'],
      [1_000, '1.25'],
      [500, '10'],
    ],
    nanoUsd: 11_250_000,
  },
  {
    ...{ provider: 'openai', model: 'gpt-4.1', what: 'cached input at a quarter' },
    usage: { inputTokens: 1_234, cachedInputTokens: 1_000, outputTokens: 56 },
    parts: [
      [234, '2'],
      [1_000, '0.50'],
      [56, '8'],
    ],
    nanoUsd: 1_416_000,
  },
  {
    ...{
      provider: 'openai',
      model: 'gpt-5.5',
      what: 'above 272 000 tokens of input the whole call is of the long band',
    },
    usage: { inputTokens: 300_000, outputTokens: 1_000 },
    parts: [
      [300_000, '10'],
      [1_000, '45'],
    ],
    nanoUsd: 3_045_000_000,
  },
  {
    ...{
      provider: 'anthropic',
      model: 'claude-sonnet-4-5',
      what: 'read from the cache, written for five minutes and for an hour',
    },
    usage: {
      inputTokens: 10_000,
      cachedInputTokens: 4_000,
      cacheWriteTokens: 3_000,
      cacheWrite1hTokens: 1_000,
      outputTokens: 500,
    },
    parts: [
      [3_000, '3'],
      [4_000, '0.30'],
      [2_000, '3.75'],
      [1_000, '6'],
      [500, '15'],
    ],
    nanoUsd: 31_200_000,
  },
  {
    ...{
      provider: 'anthropic',
      model: 'claude-sonnet-4-5',
      what: 'the same beyond 200 000 tokens: every class is dearer',
    },
    usage: {
      inputTokens: 210_000,
      cachedInputTokens: 4_000,
      cacheWriteTokens: 3_000,
      cacheWrite1hTokens: 1_000,
      outputTokens: 500,
    },
    parts: [
      [203_000, '6'],
      [4_000, '0.60'],
      [2_000, '7.50'],
      [1_000, '12'],
      [500, '22.50'],
    ],
    nanoUsd: 1_258_650_000,
  },
  {
    ...{
      provider: 'anthropic',
      model: 'claude-opus-4-5',
      what: 'written to the cache for five minutes, 1.25 times the input',
    },
    usage: { inputTokens: 8_000, cacheWriteTokens: 8_000, outputTokens: 1_000 },
    parts: [
      [8_000, '6.25'],
      [1_000, '25'],
    ],
    nanoUsd: 75_000_000,
  },
  {
    ...{ provider: 'anthropic', model: 'claude-haiku-4-5', what: 'written for an hour, twice the input' },
    usage: { inputTokens: 8_000, cacheWriteTokens: 8_000, cacheWrite1hTokens: 8_000, outputTokens: 1_000 },
    parts: [
      [8_000, '2'],
      [1_000, '5'],
    ],
    nanoUsd: 21_000_000,
  },
  {
    ...{ provider: 'google', model: 'gemini-2.5-pro', what: 'thoughts are output; the short band' },
    usage: { inputTokens: 200_000, outputTokens: 3_000, reasoningTokens: 2_000 },
    parts: [
      [200_000, '1.25'],
      [3_000, '10'],
    ],
    nanoUsd: 280_000_000,
  },
  {
    ...{ provider: 'google', model: 'gemini-2.5-pro', what: 'above 200 000 tokens, cached input as well' },
    usage: { inputTokens: 250_000, cachedInputTokens: 50_000, outputTokens: 1_000 },
    parts: [
      [200_000, '2.50'],
      [50_000, '0.25'],
      [1_000, '15'],
    ],
    nanoUsd: 527_500_000,
  },
  {
    ...{ provider: 'google', model: 'gemini-2.5-flash', what: 'audio in is dearer than text in' },
    usage: { inputTokens: 5_000, inputAudioTokens: 2_000, outputTokens: 400 },
    parts: [
      [3_000, '0.30'],
      [2_000, '1'],
      [400, '2.50'],
    ],
    nanoUsd: 3_900_000,
  },
  {
    ...{ provider: 'mistral', model: 'mistral-large-latest', what: 'no cache' },
    usage: { inputTokens: 7_000, outputTokens: 900 },
    parts: [
      [7_000, '0.5'],
      [900, '1.5'],
    ],
    nanoUsd: 4_850_000,
  },
  {
    ...{ provider: 'groq', model: 'llama-3.3-70b-versatile', what: 'cents a million' },
    usage: { inputTokens: 333, outputTokens: 77 },
    parts: [
      [333, '0.59'],
      [77, '0.79'],
    ],
    nanoUsd: 257_300,
  },
];

/** Dollars a million tokens, with six decimals at most, are pico-dollars a token. */
function picoOf([tokens, usdPerMillion]: Part): bigint {
  const [whole = '', fraction = ''] = usdPerMillion.split('.');
  return BigInt(tokens) * BigInt(whole + fraction.padEnd(6, '0'));
}

describe('a worked example', () => {
  const book = priceCatalogue();
  const atMs = Date.UTC(2026, 10, 1, 12);

  it.each(examples)(
    '$provider $model: $what',
    ({ provider, model, usage, parts, times = [1n, 1n], nanoUsd }) => {
      const pico =
        (parts.reduce((sum, part) => sum + picoOf(part), 0n) * times[0] + times[1] - 1n) / times[1];
      expect((pico + 999n) / 1_000n).toBe(BigInt(nanoUsd));
      const price = book.find(provider, model, atMs);
      expect(price && costOf(price, { ...noUsage, ...usage })).toBe(nanoUsd);
    },
  );

  it('is there for twelve models of four providers at least', () => {
    expect(
      new Set(examples.map(({ provider, model }) => `${provider}/${model}`)).size,
    ).toBeGreaterThanOrEqual(12);
    expect(new Set(examples.map(({ provider }) => provider)).size).toBeGreaterThanOrEqual(4);
  });
});
