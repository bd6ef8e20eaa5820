import { describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import type { RouteFacts } from '../../src/index.js';
import type { HeaderOf } from '../../src/pace/stated-limits.js';
import { fitsIn, headroomOf } from '../../src/route/headroom.js';
import { PolledFacts } from '../../src/route/route-source.js';
import { TargetRecord } from '../../src/route/target-record.js';

describe('what a provider says of its rate limits', () => {
  const now = Date.parse('2026-11-21T08:00:00Z');
  const named =
    (headers: Readonly<Record<string, string>>): HeaderOf =>
    (name) =>
      headers[name];

  it.each([
    ['OpenAI', { 'x-ratelimit-remaining-tokens': '500', 'x-ratelimit-reset-tokens': '1m6.5s' }, 66_500],
    ['OpenAI, soon', { 'x-ratelimit-remaining-tokens': '500', 'x-ratelimit-reset-tokens': '12ms' }, 12],
    ['Azure', { 'x-ratelimit-remaining-tokens': '500', 'x-ratelimit-reset-tokens': '7' }, 7_000],
    ['nobody', { 'x-ratelimit-remaining-tokens': '500' }, 60_000],
    ['nonsense', { 'x-ratelimit-remaining-tokens': '500', 'x-ratelimit-reset-tokens': 'soon' }, 60_000],
    [
      'Anthropic',
      {
        'anthropic-ratelimit-tokens-remaining': '500',
        'anthropic-ratelimit-tokens-reset': '2026-11-21T08:00:30Z',
      },
      30_000,
    ],
  ])('holds until it resets, as %s says it', (_, headers, resetMs) => {
    const headroom = headroomOf(named(headers), now);
    expect(fitsIn(headroom, { tokens: 500 }, now)).toBe(true);
    expect(fitsIn(headroom, { tokens: 501 }, now + resetMs - 1)).toBe(false);
    expect(fitsIn(headroom, { tokens: 501 }, now + resetMs)).toBe(true);
  });

  it('is nothing where it is unknown, and requests count as well', () => {
    expect(headroomOf(named({}), now)).toBeUndefined();
    expect(headroomOf(named({ 'x-ratelimit-remaining-tokens': '-1' }), now)).toBeUndefined();
    const none = headroomOf(named({ 'x-ratelimit-remaining-requests': '0' }), now);
    expect(fitsIn(none, { requests: 1 }, now)).toBe(false);
  });
});

describe('how fast a model is', () => {
  it('is known after twenty answers, and forgotten after five minutes without one', () => {
    const record = new TargetRecord();
    for (let ms = 1; ms < 20; ms += 1) record.add({ firstTokenMs: ms, tokensPerSecond: 50 }, 1_000);
    expect(record.firstTokenP95Ms(1_000)).toBeUndefined();
    record.add({ firstTokenMs: 20, tokensPerSecond: 50 }, 1_000);
    expect([record.firstTokenP50Ms(1_000), record.firstTokenP95Ms(1_000)]).toEqual([10, 19]);
    expect(record.tokensPerSecond(300_999)).toBe(50);
    expect(record.tokensPerSecond(301_000)).toBeUndefined();
    expect(record.firstTokenP95Ms(301_000)).toBeUndefined();
  });
});

describe('prices and status from outside', () => {
  const price = { inputUsdPerMillion: 1, outputUsdPerMillion: 2 };
  const good: RouteFacts = { prices: { 'a/b': price }, status: { a: 'down' } };

  it('are asked for once a period; the last good ones stand while the source fails, a status for five periods', async () => {
    let nowMs = 0;
    let asked = 0;
    let answer: () => RouteFacts = () => good;
    const facts = new PolledFacts(
      () => {
        asked += 1;
        return answer();
      },
      1_000,
      () => nowMs,
    );
    expect(facts.now()).toEqual({ prices: {}, status: {} });
    await facts.refresh();
    facts.now();
    expect(asked).toBe(1);
    expect(facts.now()).toEqual(good);
    const faults: unknown[] = [];
    const unsubscribe = subscribe('tollgate:fault', ({ where }) => {
      // Channels are the process's: stores of other tests may speak on them too, without a place.
      if (where !== undefined) faults.push(where);
    });
    for (const bad of [
      () => {
        throw new Error('away');
      },
      () => ({ ...good, status: { a: 'gone' as 'down' } }),
      () => ({ prices: { 'a/b': { ...price, outputUsdPerMillion: Number.NaN } } }),
    ]) {
      answer = bad;
      nowMs += 1_000;
      expect(await facts.refresh()).toBe(false);
      expect(facts.now()).toEqual(good);
    }
    unsubscribe();
    expect(faults).toEqual(['router.source', 'router.source', 'router.source']);
    nowMs = 5_000;
    expect(facts.now()).toEqual({ prices: good.prices, status: {} });
  });
});
