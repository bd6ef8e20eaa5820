import { describe, expect, it } from '@jest/globals';
import { usageEvent } from '@tollgate/testkit/contracts';
import { adjustmentEvent, adjustmentId } from '../../src/call/usage-correction.js';
import { idTimeMs, newId } from '../../src/internal.js';

const written = usageEvent({
  inputTokens: 100,
  cachedInputTokens: 40,
  cacheWriteTokens: 9,
  outputTokens: 50,
  reasoningTokens: 20,
  cacheWrite1hTokens: 4,
  inputAudioTokens: 6,
  toolRequests: { web_search: 2, code: 1, same: 3 },
  costNanoUsd: '1000',
});

describe('the correction of a usage event', () => {
  it('holds the signed difference of every figure, so that both add up to the truth', () => {
    const truth = {
      ...written,
      inputTokens: 90,
      cachedInputTokens: 70,
      cacheWriteTokens: 10,
      outputTokens: 80,
      reasoningTokens: 15,
      cacheWrite1hTokens: 1,
      outputAudioTokens: 5,
      toolRequests: { web_search: 5, same: 3, other: 1 },
      costNanoUsd: '400',
    };
    const charges = [{ counter: 'usd/day', window: '2026-11-21', amount: -600 }];
    expect(adjustmentEvent(written, truth, charges)).toMatchObject({
      kind: 'adjustment',
      adjusts: written.eventId,
      inputTokens: -10,
      cachedInputTokens: 30,
      cacheWriteTokens: 1,
      outputTokens: 30,
      reasoningTokens: -5,
      cacheWrite1hTokens: -3,
      inputAudioTokens: undefined,
      outputAudioTokens: 5,
      toolRequests: { web_search: 3, code: -1, other: 1 },
      costNanoUsd: '-600',
      charges,
    });
  });

  it('says nothing of seldom figures that have not changed', () => {
    const { cacheWrite1hTokens, inputAudioTokens, outputAudioTokens, toolRequests } = adjustmentEvent(
      written,
      { ...written, inputTokens: 1 },
      [],
    );
    expect({ cacheWrite1hTokens, inputAudioTokens, outputAudioTokens, toolRequests }).toEqual({});
  });

  it('has an id of the time of what it corrects, another for each event and each reason, and always the same', () => {
    const ids = Array.from({ length: 50 }, () => newId());
    const made = ids.flatMap((id) => [adjustmentId(id), adjustmentId(id, 'reconciled')]);
    expect(new Set(made).size).toBe(100);
    for (const id of made)
      expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    // All four variants come about: they are not made of the same digit each time.
    expect(new Set(made.map((id) => id[19])).size).toBe(4);
    expect(made.map(idTimeMs)).toEqual(ids.flatMap((id) => [idTimeMs(id), idTimeMs(id)]));
    const id = '019aa000-0000-7000-8000-000000000001';
    expect(adjustmentId(id)).toBe(adjustmentId(id, 'adjustment'));
  });
});
