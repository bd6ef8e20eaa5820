import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@tollgate/core/internal';
import { call, type Path, parse, paths, plain, refusal, verdict } from './call.js';

const formats: readonly Path[] = ['chat', 'responses', 'embeddings', 'messages', 'gemini'];

describe('a hostile client cannot make the estimate smaller', () => {
  it('by a model that is not the plain name of one', () => {
    const names: JsonValue[] = [
      ['gpt-5'],
      { id: 'gpt-5' },
      5,
      true,
      null,
      '',
      ' gpt-5',
      'gpt-5 ',
      'gpt-5\n',
      'gpt-5\u0000',
      'gpt‑5',
      'ｇpt-5',
      'gрt-5',
      'gpt-5\u200b',
      'GPT-5',
      'x'.repeat(257),
      'gpt-5/../gpt-5-pro',
      'gpt-5//pro',
    ];
    for (const model of names) {
      for (const path of ['chat', 'responses', 'embeddings', 'messages'] as const) {
        expect([model, refusal(path, { model })]).toEqual([model, '400 invalid_value model']);
      }
    }
    expect(verdict(() => parse(paths.gemini.replace('flash', 'Flash'), plain.gemini))).toBe(
      '400 invalid_value model',
    );
    expect(verdict(() => parse('/v1beta/models/%20:generateContent', plain.gemini))).toBe(
      '400 invalid_value model',
    );
  });

  it('by a model in the query, or in both path and body', () => {
    for (const path of formats) {
      for (const name of ['model', 'Model', 'mo%64el']) {
        const url = `${paths[path]}?a=1&${name}=gpt-5-pro`;
        expect(verdict(() => parse(url, plain[path]))).toBe('400 invalid_value model');
      }
    }
    expect(refusal('gemini', { model: 'gemini-2.5-pro' })).toBe('400 invalid_value model');
    expect(refusal('gemini', { model: 'models/gemini-2.5-flash' })).toBe('passed');
  });

  it('by an Azure deployment that is not known, or a model in the body beside it', () => {
    const url = '/openai/deployments/mine/chat/completions?api-version=1';
    const body = { ...plain.chat, model: 'gpt-5-nano' };
    expect(verdict(() => parse(url, body))).toBe('400 model_not_priced model');
    const known = parse(url, body, { models: { mine: 'gpt-5-pro' } });
    expect(known.price.model).toBe('gpt-5-pro');
  });

  it('by a model that searches by itself, at a fee that no usage reports', () => {
    for (const model of ['gpt-4o-search-preview', 'gpt-4o-mini-search-preview', 'o3-deep-research']) {
      expect(refusal('chat', { model })).toBe('400 model_not_priced model');
      const prices = {
        [model]: { inputUsdPerMillion: '2.5', outputUsdPerMillion: '10', usdPerCall: '0.05' },
      };
      const { estimate } = call('chat', { model, max_tokens: 1 }, { prices });
      expect(estimate.costNanoUsd).toBe(50_000_000 + estimate.inputTokens * 2_500 + 10_000);
    }
  });
});
