import { describe, expect, it } from '@jest/globals';
import { findProvider, type MatchLogic } from '@pydantic/genai-prices';
import { inCatalogue } from '../../src/prices/in-catalogue.js';

const atMs = Date.UTC(2026, 10, 1, 12);
const priced = (provider: string, model: string) => inCatalogue(provider, model, atMs) !== undefined;

const providers = ['openai', 'azure', 'anthropic', 'google'] as const;

const wholeNames = (match: MatchLogic): string[] =>
  'or' in match ? match.or.flatMap(wholeNames) : 'equals' in match ? [match.equals] : [];

describe('the names of models that are in the catalogue', () => {
  it.each(providers)('are all that it lists, at %s', (providerId) => {
    const models = findProvider({ providerId })?.models ?? [];
    expect(models.length).toBeGreaterThan(20);
    for (const { id, match } of models) {
      const names = wholeNames(match);
      if (names.length > 0) expect([id, names.filter((name) => !priced(providerId, name))]).toEqual([id, []]);
    }
  });

  it.each([
    ['anthropic', 'claude-haiku-4-5-20251001'],
    ['anthropic', 'claude-haiku-4-5@20251001'],
    ['anthropic', 'claude-3-5-sonnet-latest'],
    ['anthropic', 'claude-3-7-sonnet-20250219-v1:0'],
    ['anthropic', 'claude-sonnet-4-20250514'],
    ['openai', 'gpt-4o-audio-preview-2025-06-03'],
    ['openai', 'gpt-5-nano-2025-08-07'],
    ['openai', 'gpt-6-sol-2026-09-01'],
    ['openai', 'ft:gpt-4o-mini-2024-07-18:acme::B1a2C3'],
    ['azure', 'o4-mini-2025-04-16'],
    ['google', 'gemini-2.0-flash-001'],
    ['google', 'gemini-1.5-flash-8b-latest'],
    ['google', 'gemini-2.5-flash-lite-preview-09-2025'],
    ['google', 'gemini-3.1-pro-preview-customtools'],
    ['google', 'gemma-3-27b-it'],
    ['google', 'gemma-3n-e4b-it'],
  ])('may have a version behind them: %s %s', (provider, model) => {
    expect(priced(provider, model)).toBe(true);
  });

  it.each([
    ['anthropic', 'claude-haiku-4-5-evil'],
    ['anthropic', `claude-haiku-4-5-${'z'.repeat(200)}1`],
    ['anthropic', 'claude-haiku-4-5/claude-opus-4-7'],
    ['anthropic', 'claude-haiku-4-5:claude-opus-4-7'],
    ['anthropic', 'claude-haiku-4-55x/opus'],
    ['anthropic', 'claude-opus-4-12'],
    ['anthropic', 'claude-haiku-4-51-20270101'],
    ['openai', 'gpt-5-nano-pro'],
    ['openai', 'gpt-4o-audio-preview/../gpt-5-pro'],
    ['openai', 'cheap-computer-use-preview'],
    ['azure', 'o4-mini-of-mine'],
    ['google', 'gemini-3.6-flash-image'],
    ['google', 'gemini-1.5-flash-or-pro'],
  ])('have nothing else behind them: %s %s', (provider, model) => {
    expect(priced(provider, model)).toBe(false);
  });

  it('are paths and aliases at other providers', () => {
    expect(priced('deepseek', 'deepseek-v4-flash-anything')).toBe(true);
  });
});
