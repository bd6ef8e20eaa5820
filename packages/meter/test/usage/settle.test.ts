import { describe, expect, it } from '@jest/globals';
import { formatOf } from '@tollgate/wire';
import { type SettleFacts, settledUsage } from '../../src/usage/settle.js';

const facts: SettleFacts = {
  sent: true,
  status: 200,
  finished: true,
  seenBytes: 40,
  seenTokens: 40,
  mostTokens: 40,
  textEvents: 10,
  textBytes: 40,
  reported: formatOf('openai-chat').usage({ prompt_tokens: 12, completion_tokens: 7 }),
  tier: 'default',
  bound: { inputTokens: 100, outputTokens: 64, costNanoUsd: 1_000 },
  visible: false,
  stopsAtAbort: false,
  outputForMs: 0,
};
const used = (more: Partial<SettleFacts>) => {
  const { usage, uncertain } = settledUsage({
    ...facts,
    seenTokens: more.seenBytes ?? facts.seenTokens,
    ...more,
  });
  return { input: usage.inputTokens, output: usage.outputTokens, source: usage.source, uncertain };
};
const chat = (usage: Readonly<Record<string, unknown>>) => formatOf('openai-chat').usage(usage);

describe('an attempt used', () => {
  it('what was reported, when the answer is whole', () =>
    expect(used({})).toEqual({ input: 12, output: 7, source: 'provider', uncertain: false }));
  it('nothing, when it was never sent', () =>
    expect(used({ sent: false, status: 0, reported: undefined })).toEqual({
      input: 0,
      output: 0,
      source: 'provider',
      uncertain: false,
    }));
  it.each([307, 400, 401, 429, 500, 503])('nothing, when the provider answered %i', (status) =>
    expect(used({ status, reported: undefined })).toMatchObject({ input: 0, output: 0, uncertain: false }),
  );
  it('the input bound, when it was sent and never answered', () =>
    expect(used({ status: 0, finished: false, seenBytes: 0, reported: undefined })).toEqual({
      input: 100,
      output: 0,
      source: 'estimated',
      uncertain: true,
    }));
  it('the input bound, when the answer began and said nothing', () =>
    expect(used({ finished: false, seenBytes: 0, reported: undefined })).toMatchObject({
      input: 100,
      output: 0,
    }));
  it('the input bound and what was seen, when the answer was cut short', () =>
    expect(used({ finished: false, reported: undefined })).toEqual({
      input: 100,
      output: 40,
      source: 'estimated',
      uncertain: true,
    }));
  it('the reported input and the larger of seen and reported output, when it was cut short after a report', () => {
    expect(used({ finished: false })).toEqual({
      input: 12,
      output: 40,
      source: 'estimated',
      uncertain: true,
    });
    expect(used({ finished: false, seenBytes: 3 })).toMatchObject({ input: 12, output: 7 });
  });
  it('what was seen and never more than its cap, when usage is absent from a whole answer', () => {
    expect(used({ reported: undefined })).toMatchObject({
      input: 100,
      output: 40,
      source: 'estimated',
      uncertain: true,
    });
    expect(used({ reported: undefined, seenBytes: 4000 })).toMatchObject({ output: 64 });
  });
  it('about what was seen, when a visible model was cut short; counters are charged the most that it can be, and what follows the abort', () => {
    const cut = { ...facts, finished: false, reported: undefined, visible: true, stopsAtAbort: true };
    const { usage, unseen } = settledUsage({ ...cut, mostTokens: 30, seenTokens: 10, outputForMs: 1_000 });
    expect([usage.outputTokens, unseen]).toEqual([10, 30 + 64]);
    const faster = settledUsage({ ...cut, mostTokens: 60, seenTokens: 50, outputForMs: 1_000 });
    expect([faster.usage.outputTokens, faster.unseen]).toEqual([50, 60 + 100]);
    const { unseen: most } = settledUsage({ ...cut, mostTokens: 9_000, seenTokens: 10 });
    expect(most).toBe(64 + 64);
  });
  it('the text that was seen, when it is more than the cap could have let through', () => {
    const cut = { finished: false, reported: undefined, seenBytes: 9000 };
    expect(used({ ...cut, textEvents: 144, textBytes: 720 })).toMatchObject({ output: 64 });
    expect(used({ ...cut, textEvents: 145, textBytes: 720 })).toMatchObject({ output: 720, uncertain: true });
    expect(used({ ...cut, textEvents: 10, textBytes: 2560 })).toMatchObject({ output: 64 });
    expect(used({ ...cut, textEvents: 10, textBytes: 2561 })).toMatchObject({ output: 2561 });
  });
  it('zero, when zero was reported', () =>
    expect(used({ reported: chat({ prompt_tokens: 0, completion_tokens: 0 }) })).toEqual({
      input: 0,
      output: 0,
      source: 'provider',
      uncertain: false,
    }));
  it('more than was held, when the provider says so', () =>
    expect(used({ reported: chat({ prompt_tokens: 500, completion_tokens: 900 }) })).toEqual({
      input: 500,
      output: 900,
      source: 'provider',
      uncertain: false,
    }));
  it('what the rules for missing usage say, when it was reported negative', () =>
    expect(used({ reported: chat({ prompt_tokens: -5, completion_tokens: -9 }) })).toEqual({
      input: 100,
      output: 40,
      source: 'estimated',
      uncertain: true,
    }));
  it('its bound, when what was reported is beyond belief', () =>
    expect(used({ reported: chat({ prompt_tokens: 9e12, completion_tokens: 9e12 }) })).toEqual({
      input: 100,
      output: 64,
      source: 'provider',
      uncertain: true,
    }));
  it('the reported output, when only the input is strange', () =>
    expect(used({ reported: chat({ prompt_tokens: '', completion_tokens: 7 }) })).toEqual({
      input: 100,
      output: 7,
      source: 'estimated',
      uncertain: true,
    }));
});

describe('the price', () => {
  it('is that of the tier the response names', () => {
    const anthropic = formatOf('anthropic-messages').usage({
      input_tokens: 1,
      output_tokens: 1,
      service_tier: 'batch',
    });
    expect(settledUsage(facts).usage.tier).toBe('default');
    expect(settledUsage({ ...facts, reported: anthropic, tier: undefined }).usage.tier).toBe('batch');
  });
});
