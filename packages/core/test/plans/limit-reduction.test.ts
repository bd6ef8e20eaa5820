import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Caller, definePlans } from '../../src/index.js';
import { bucketProblem, limitsFor, planOf } from '../../src/internal.js';

const plans = definePlans({
  pro: {
    requests: [{ rate: '10/min', burst: 3 }, '100/day'],
    tokens: ['200k/min', '20M/month'],
    spend: ['$5/hour', '$50/month'],
    concurrent: 4,
  },
});
const hourMs = 3_600_000;
const caller: Caller = { id: 'k1', keyId: 'k1', tenant: 'acme', plan: 'pro', scopes: [], labels: {} };
const plan = planOf(plans, caller);
const under = (factor: number, windowsUpToMs = hourMs) =>
  limitsFor(plan, { ...caller, tightened: { factor, windowsUpToMs } });
const amounts = ({ limits, requests }: ReturnType<typeof under>) =>
  Object.fromEntries([...limits, ...requests].map(({ name, amount }) => [name, amount]));

describe('limits of a caller that is tightened', () => {
  it('are halved up to an hour, and as they were beyond: who has used most of a month is not cut off', () => {
    expect(amounts(under(0.5))).toEqual({
      ...{ 'tokens-min': 100_000, 'usd-hour': 2.5e9, concurrent: 2, 'requests-min': 5 },
      ...{ 'tokens-month': 20_000_000, 'usd-month': 50e9, 'requests-day': 100 },
    });
    expect(under(0.5).requests[0]?.burst).toBe(1);
    expect(under(0.5).limits.find(({ name }) => name === 'tokens-min')?.window).toMatchObject({
      rate: 100_000,
      burst: 100_000,
    });
  });

  it('reach as far as they are told', () => {
    expect(amounts(under(0.1, 31 * 24 * hourMs))).toMatchObject({ 'usd-month': 5e9, 'requests-day': 10 });
  });

  it('keep names, and so counters; and leave at least one', () => {
    const { limits } = under(0.001);
    expect(limits.map(({ name, scope }) => [name, scope])).toEqual(
      plan.limits.map(({ name, scope }) => [name, scope]),
    );
    expect(amounts(under(0.001))).toMatchObject({ concurrent: 1, 'requests-min': 1 });
  });

  it('also hold for limits of the caller’s own', () => {
    const own = {
      limits: [],
      requests: [{ name: 'own', amount: 60, windowMs: 60_000, sliding: false, scope: ['key'] }],
    } as const;
    const { requests } = limitsFor(plan, {
      limits: own,
      tightened: { factor: 0.5, windowsUpToMs: hourMs },
    });
    expect(requests[0]).toMatchObject({ name: 'requests-min', amount: 30 });
  });

  it('can be counted exactly, whatever the bucket and the factor', () => {
    const sound = fc
      .record({
        rate: fc.integer({ min: 1, max: 1e12 }),
        periodMs: fc.constantFrom(1_000, 60_000, hourMs, 7_919),
        burst: fc.integer({ min: 1, max: 1e12 }),
      })
      .map((bucket) => ({ kind: 'bucket' as const, ...bucket }))
      .filter((bucket) => bucketProblem(bucket) === undefined);
    fc.assert(
      fc.property(sound, fc.double({ min: 0.001, max: 0.999, noNaN: true }), (window, factor) => {
        const limit = {
          name: 'l',
          unit: 'tokens',
          amount: window.burst,
          window,
          scope: ['key'],
          soft: false,
        } as const;
        const tightened = { factor, windowsUpToMs: hourMs };
        const [one] = limitsFor({ limits: [limit], requests: [] }, { tightened }).limits;
        if (one?.window.kind !== 'bucket') throw new Error('no bucket');
        expect(bucketProblem(one.window)).toBeUndefined();
        expect(one.window.rate).toBeLessThanOrEqual(window.rate);
        expect(one.amount).toBe(Math.max(1, Math.floor(window.burst * factor)));
      }),
    );
  });
});
