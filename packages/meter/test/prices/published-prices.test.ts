import { describe, expect, it } from '@jest/globals';
import { parseUsd, type Usage } from '@tollgate/core';
import { noUsage } from '@tollgate/core/internal';
import { costOf } from '../../src/prices/price.js';
import { priceCatalogue } from '../../src/prices/price-catalogue.js';

const million = 1_000_000;
const book = priceCatalogue();
const atMs = Date.UTC(2026, 10, 1, 12);

/** Worked out by hand from the providers' published prices (November 2026). */
const examples: readonly [provider: string, model: string, usage: Partial<Usage>, usd: string][] = [
  ['openai', 'gpt-5', { inputTokens: million, outputTokens: million }, '11.25'],
  ['openai', 'gpt-5-mini', { inputTokens: 1_000, cachedInputTokens: 400, outputTokens: 200 }, '0.00056'],
  ['openai', 'gpt-4o', { inputTokens: 10_000, cachedInputTokens: 10_000, outputTokens: 1 }, '0.01251'],
  ['openai', 'gpt-4o-mini', { inputTokens: 1, outputTokens: 1 }, '0.00000075'],
  ['openai', 'gpt-4.1', { inputTokens: 123_456, outputTokens: 789 }, '0.253224'],
  ['openai', 'o3', { inputTokens: 5_000, outputTokens: 8_000, reasoningTokens: 7_000 }, '0.074'],
  ['openai', 'gpt-5.5', { inputTokens: 271_999, outputTokens: 1_000 }, '1.389995'],
  ['openai', 'gpt-5.5', { inputTokens: 272_000, outputTokens: 1_000 }, '2.765'],
  ['openai', 'text-embedding-3-small', { inputTokens: million }, '0.02'],
  [
    'openai',
    'gpt-audio',
    { inputTokens: 100, inputAudioTokens: 50, outputTokens: 10, outputAudioTokens: 10 },
    '0.002365',
  ],
  ['openai', 'gpt-4o-audio-preview', { inputTokens: 50, inputAudioTokens: 50 }, '0.002'],
  ['openai', 'gpt-5', { inputTokens: 1_000, toolRequests: { web_search: 3, file_search: 2 } }, '0.03625'],
  ['openai', 'gpt-5', { inputTokens: million, outputTokens: million, tier: 'priority' }, '22.50'],
  ['openai', 'gpt-5', { inputTokens: million, outputTokens: million, tier: 'flex' }, '5.625'],
  ['openai', 'o4-mini', { inputTokens: million, outputTokens: million, tier: 'priority' }, '10'],
  ['openai', 'gpt-5.4-mini', { inputTokens: million, outputTokens: million, tier: 'fast' }, '10.5'],
  ['openai', 'gpt-5.6-terra', { inputTokens: 100_000, outputTokens: 100_000, tier: 'priority' }, '2.8'],
  ['anthropic', 'claude-haiku-4-5', { inputTokens: 1_000, outputTokens: 1_000 }, '0.006'],
  ['anthropic', 'claude-opus-4-5', { inputTokens: 1_000, cachedInputTokens: 1_000 }, '0.0005'],
  ['anthropic', 'claude-opus-4-5', { inputTokens: 1_000, cacheWriteTokens: 1_000 }, '0.00625'],
  [
    'anthropic',
    'claude-opus-4-5',
    { inputTokens: 1_000, cacheWriteTokens: 1_000, cacheWrite1hTokens: 400 },
    '0.00775',
  ],
  ['anthropic', 'claude-sonnet-4-5', { inputTokens: 200_000, outputTokens: 1_000 }, '0.615'],
  ['anthropic', 'claude-sonnet-4-5', { inputTokens: 200_001, outputTokens: 1_000 }, '1.222506'],
  [
    'anthropic',
    'claude-haiku-4-5',
    { inputTokens: 1_000, toolRequests: { web_search: 2, web_fetch: 9 } },
    '0.021',
  ],
  ['anthropic', 'claude-opus-4-6', { inputTokens: million, outputTokens: million, tier: 'fast' }, '180'],
  ['anthropic', 'claude-opus-5', { inputTokens: million, outputTokens: million, tier: 'fast' }, '60'],
  [
    'google',
    'gemini-2.5-pro',
    { inputTokens: 1_000, outputTokens: 3_000, reasoningTokens: 2_000 },
    '0.03125',
  ],
  ['google', 'gemini-2.5-pro', { inputTokens: 200_001, outputTokens: 100 }, '0.5015025'],
  ['google', 'gemini-2.5-flash', { inputTokens: 1_000, inputAudioTokens: 400 }, '0.00058'],
  ['azure', 'gpt-4o', { inputTokens: 1_000, outputTokens: 1_000 }, '0.0125'],
  ['mistral', 'mistral-large-latest', { inputTokens: 1_000, outputTokens: 1_000 }, '0.002'],
  ['deepseek', 'deepseek-chat', { inputTokens: 1_000, outputTokens: 1_000 }, '0.0007'],
  ['groq', 'llama-3.3-70b-versatile', { inputTokens: 1_000, outputTokens: 1_000 }, '0.00138'],
];

describe('the price of a usage', () => {
  it.each(examples)('%s %s %j is $%4$s', (provider, model, usage, usd) => {
    const price = book.find(provider, model, atMs);
    expect(price && costOf(price, { ...noUsage, ...usage })).toBe(parseUsd(usd));
  });
});
