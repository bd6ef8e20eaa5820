import { describe, expect, it } from '@jest/globals';
import { type Caller, definePlans, type LimitOverride } from '../../src/index.js';
import { limitsFor, ownLimitsOf, planOf } from '../../src/internal.js';

const plans = definePlans({
  pro: {
    requests: [{ rate: '10/min', burst: 2 }, '100/hour'],
    tokens: '200k/min',
    spend: [
      { limit: '$50/month', timeZone: 'Europe/Berlin', anchorDay: 15, name: 'allowance' },
      { limit: '$5/day', by: 'tenant', soft: true },
    ],
    concurrent: 2,
  },
});
const caller: Caller = {
  id: 'k1',
  keyId: 'k1',
  tenant: 'acme',
  team: 'data',
  plan: 'pro',
  scopes: [],
  labels: {},
};

function limitsWith(...overrides: Omit<LimitOverride, 'tenant'>[]) {
  const own = ownLimitsOf(
    overrides.map((one) => ({ tenant: 'acme', ...one })),
    caller,
  );
  return limitsFor(planOf(plans, caller), { ...caller, limits: own });
}

describe('limits of a caller’s own', () => {
  it('leave the plan as it is where there are none', () => {
    expect(limitsFor(planOf(plans, caller), caller)).toBe(planOf(plans, caller));
  });

  it('replace only the amount: name, time zone, anchor day, softness and so the counter stay the plan’s', () => {
    const { limits } = limitsWith(
      { kind: 'spend', limit: '$80/month', keyId: 'k1' },
      { kind: 'spend', limit: '$9/day' },
    );
    const [first, second] = planOf(plans, caller).limits.filter(({ unit }) => unit === 'usd');
    expect(limits).toContainEqual({ ...first, amount: 80e9 });
    expect(limits).toContainEqual({ ...second, amount: 9e9 });
    expect(limits).toHaveLength(4);
  });

  it('refill a bucket at their own rate', () => {
    const { limits } = limitsWith({ kind: 'tokens', limit: '300k/min', by: 'key' });
    expect(limits.find(({ unit }) => unit === 'tokens')).toMatchObject({
      name: 'tokens-min',
      amount: 300_000,
      window: { kind: 'bucket', rate: 300_000, burst: 300_000 },
    });
  });

  it('take the place of rates of requests and of places in flight', () => {
    const { limits, requests } = limitsWith(
      { kind: 'requests', limit: '20/min', keyId: 'k1' },
      { kind: 'concurrent', limit: '7', by: 'key' },
      { kind: 'requests', limit: '5k/month' },
    );
    expect(requests).toMatchObject([
      { name: 'requests-min', amount: 20, burst: undefined },
      { name: 'requests-hour', amount: 100 },
    ]);
    expect(limits).toContainEqual(expect.objectContaining({ name: 'concurrent', amount: 7, scope: ['key'] }));
    expect(limits.at(-1)).toMatchObject({ name: 'requests-month-tenant', unit: 'requests', amount: 5_000 });
  });
});
