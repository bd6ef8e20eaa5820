import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@tollgate/core/internal';
import { call, type Fields, refusal } from './call.js';

const withOutput = ['chat', 'responses', 'messages', 'gemini'] as const;

/** A body with an output cap, under each name that the format has for it. */
const capped: Readonly<
  Record<(typeof withOutput)[number], Readonly<Record<string, (cap: JsonValue) => Fields>>>
> = {
  chat: {
    max_completion_tokens: (cap) => ({ max_completion_tokens: cap }),
    max_tokens: (cap) => ({ max_tokens: cap }),
  },
  responses: { max_output_tokens: (cap) => ({ max_output_tokens: cap }) },
  messages: {
    max_tokens: (cap) => ({ max_tokens: cap }),
    'thinking.budget_tokens': (cap) => ({ thinking: { type: 'enabled', budget_tokens: cap } }),
  },
  gemini: {
    'generationConfig.maxOutputTokens': (cap) => ({ generationConfig: { maxOutputTokens: cap } }),
  },
};

const badCaps: readonly JsonValue[] = [
  0,
  -1,
  '100',
  1.5,
  true,
  [1],
  { value: 1 },
  2 ** 53,
  Number.POSITIVE_INFINITY,
  Number.NaN,
];

describe('a hostile client cannot make the estimate smaller', () => {
  describe.each(withOutput)('%s: by a cap that is no positive integer', (path) => {
    it.each(Object.keys(capped[path]))('%s', (param) => {
      for (const cap of badCaps) {
        const body = capped[path][param]?.(cap) ?? {};
        expect([cap, refusal(path, body)]).toEqual([cap, `400 invalid_value ${param}`]);
      }
    });
  });

  it('by conflicting caps: the largest counts', () => {
    const caps = { max_tokens: 1, max_completion_tokens: 100_000 };
    expect(call('chat', caps).estimate.outputTokens).toBe(100_000);
    const swapped = { max_tokens: 100_000, max_completion_tokens: 1 };
    expect(call('chat', swapped).estimate.outputTokens).toBe(100_000);
    const both = { generationConfig: { maxOutputTokens: 1, max_output_tokens: 9 } };
    expect(refusal('gemini', both)).toBe('400 invalid_value maxOutputTokens');
    const twice = { generationConfig: { maxOutputTokens: 1 }, generation_config: { maxOutputTokens: 9 } };
    expect(refusal('gemini', twice)).toBe('400 invalid_value generationConfig');
  });

  it('by a cap beyond all measure: its price is larger than any limit', () => {
    const { estimate } = call('chat', { max_tokens: Number.MAX_SAFE_INTEGER, n: 16 });
    expect(estimate.costNanoUsd).toBe(Number.MAX_SAFE_INTEGER);
    expect(estimate.inputTokens + estimate.outputTokens).toBe(Number.MAX_SAFE_INTEGER);
    expect(estimate.inputNanoUsd + estimate.outputNanoUsd).toBe(estimate.costNanoUsd);
  });

  it('by many answers: n and candidateCount multiply, within a bound', () => {
    expect(call('chat', { max_tokens: 10, n: 5 }).estimate).toMatchObject({ outputTokens: 50, answers: 5 });
    const generationConfig = { maxOutputTokens: 10, candidateCount: 4 };
    expect(call('gemini', { generationConfig }).estimate).toMatchObject({ outputTokens: 40, answers: 4 });
    for (const n of [0, 17, 1.5, '2', true, [2]]) {
      expect(refusal('chat', { n })).toBe('400 invalid_value n');
      expect(refusal('gemini', { generationConfig: { candidateCount: n } })).toBe(
        '400 invalid_value generationConfig.candidateCount',
      );
    }
    expect(refusal('chat', { n: 3 }, { maxAnswers: 2 })).toBe('400 invalid_value n');
    expect(refusal('chat', { best_of: 20 })).toBe('400 unsupported_parameter best_of');
  });

  it('by a thinking budget above the cap', () => {
    const thinking = { type: 'enabled', budget_tokens: 30_000 };
    const parsed = call('messages', { max_tokens: 10, thinking });
    expect(parsed.estimate.outputTokens).toBe(30_000);
    expect(parsed.estimateOf({ maxOutputTokens: 1 }).outputTokens).toBe(30_000);
    const generationConfig = { maxOutputTokens: 10, thinkingConfig: { thinkingBudget: 9_000 } };
    expect(call('gemini', { generationConfig }).estimate.outputTokens).toBe(9_000);
    const dynamic = { maxOutputTokens: 10, thinkingConfig: { thinkingBudget: -1 } };
    expect(call('gemini', { generationConfig: dynamic }).estimate.outputTokens).toBe(10);
  });

  it('by reasoning effort: reasoning is within the cap, and a dearer mode is refused', () => {
    expect(call('chat', { max_completion_tokens: 10, reasoning_effort: 'high' }).estimate.outputTokens).toBe(
      10,
    );
    expect(refusal('responses', { reasoning: { effort: 'high' } })).toBe('passed');
    expect(refusal('responses', { reasoning: { mode: 'pro' } })).toBe(
      '400 unsupported_parameter reasoning.mode',
    );
  });

  it('by a prediction that is rejected and charged beside the cap', () => {
    const prediction = { type: 'content', content: 'y'.repeat(500) };
    expect(call('chat', { max_tokens: 10, prediction }).estimate.outputTokens).toBeGreaterThanOrEqual(510);
  });
});
