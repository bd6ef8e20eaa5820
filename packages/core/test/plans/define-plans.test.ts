import { describe, expect, it } from '@jest/globals';
import { acceptsPlans, definePlans, modelAllowed, planOf } from '../../src/plans/define-plans.js';
import { requests, spend, tokens } from '../../src/plans/limit-builders.js';
import type { PlanDeclaration } from '../../src/plans/plan.js';

const caller = { id: 'k', tenant: 't', plan: 'free', scopes: [], labels: {} };

/** What is wrong with a plan, the plan, and what is said. */
type Wrong = [what: string, plan: object, message: string];

describe('definePlans', () => {
  it('reads the limits of the README', () => {
    const { free, pro } = definePlans({
      free: {
        requests: '5/min',
        tokens: '20k/day',
        spend: '$0.50/day',
        concurrent: 2,
        models: ['gpt-5-mini'],
        maxOutputTokens: 1024,
      },
      pro: {
        requests: { rate: '100/min', burst: 20 },
        tokens: ['200k/min', '20M/month'],
        spend: '$50/month',
        degrade: [
          { at: 0.85, model: { 'gpt-5': 'gpt-5-mini' } },
          { at: 0.95, maxOutputTokens: 256 },
        ],
        priority: 10,
      },
    });
    expect(free?.requests).toEqual([
      { name: 'requests-min', amount: 5, windowMs: 60_000, sliding: false, scope: ['key'] },
    ]);
    expect(free?.limits.map(({ name, amount, window }) => [name, amount, window.kind])).toEqual([
      ['tokens-day', 20_000, 'calendar'],
      ['usd-day', 500_000_000, 'calendar'],
      ['concurrent', 2, 'live'],
    ]);
    expect(pro?.requests[0]).toMatchObject({ amount: 100, burst: 20 });
    expect(pro?.limits.map(({ name, window }) => [name, window.kind])).toEqual([
      ['tokens-min', 'bucket'],
      ['tokens-month', 'calendar'],
      ['usd-month', 'calendar'],
    ]);
    expect(pro?.degrade).toHaveLength(2);
  });

  it.each<Wrong>([
    ['a misspelt field', { request: '5/min' }, 'unknown option "request" (did you mean "requests"?)'],
    ['money without a dollar sign', { spend: '5/day' }, 'with $'],
    ['dollars as tokens', { tokens: '$5/day' }, 'a whole number'],
    ['an unknown period', { tokens: '5/fortnight' }, 'a period of'],
    ['a number for a limit', { tokens: 5 }, 'must be a limit such as "20k/day", received 5'],
    ['a fraction of a token', { tokens: '0.5/day' }, 'a whole number'],
    ['a negative amount', { tokens: '-5/day' }, 'a whole number'],
    ['money that is too much to count exactly', { spend: '$1000000000/day' }, 'at most $9_000_000'],
    ['more tokens than can be counted', { tokens: '9007199255M/day' }, 'at most 9007199254740991'],
    ['a cap that a double cannot count', { spend: '$9000001/month' }, '9,000,000 USD'],
    [
      'a bucket that cannot be counted exactly',
      { tokens: { limit: '900719925474099/day', window: 'bucket' } },
      'cannot be counted exactly',
    ],
    ['requests per month', { requests: '5/month' }, 'at most a week'],
    ['a burst above the rate', { requests: { rate: '5/min', burst: 6 } }, '"burst" must be at most'],
    ['no request at all', { requests: '0/min' }, 'at least 1 request'],
    [
      'half a concurrent request',
      { concurrent: 1.5 },
      '"concurrent" must be a positive integer, received 1.5',
    ],
    ['an anchor day of a day', { spend: { limit: '$1/day', anchorDay: 3 } }, '"anchorDay" belongs to'],
    ['an unknown time zone', { spend: { limit: '$1/day', timeZone: 'Mars/Base' } }, 'IANA time zone'],
    ['an unknown scope', { spend: { limit: '$1/day', by: 'wallet' } }, '"by" must be one or several of'],
    ['two limits of one name', { spend: ['$1/day', '$2/day'] }, 'two limits are named "usd-day"'],
    [
      'two limits on one counter',
      { spend: ['$1/day', { limit: '$2/day', name: 'b' }] },
      'would share one counter',
    ],
    [
      'falling steps',
      {
        degrade: [
          { at: 0.9, maxOutputTokens: 1 },
          { at: 0.8, maxOutputTokens: 1 },
        ],
      },
      '"at" must be above 0.9',
    ],
    ['a step that does nothing', { degrade: [{ at: 0.9 }] }, 'has no action'],
    ['a step that refuses and warns', { degrade: [{ at: 0.9, refuse: true, warn: true }] }, 'stands alone'],
    [
      'a step behind one that refuses',
      {
        degrade: [
          { at: 0.8, refuse: true },
          { at: 0.9, warn: true },
        ],
      },
      'degrade[0]: "refuse" stands alone, in the last step',
    ],
    [
      'two steps that defer',
      {
        degrade: [
          { at: 0.8, defer: true },
          { at: 0.9, defer: true },
        ],
      },
      'degrade[1]: an earlier step already defers',
    ],
    ['a step that refuses not', { degrade: [{ at: 0.9, refuse: false }] }, '"refuse" must be true'],
    ['models that are no array', { models: 'gpt-5' }, '"models" must be a non-empty array'],
    ['no model at all', { models: [] }, '"models" must be a non-empty array'],
    ['models of spaces', { models: [' '] }, 'each a non-empty string (item 0 is " ")'],
    ...['requests', 'tokens', 'inputTokens', 'outputTokens', 'spend'].map(
      (unit): Wrong => [
        `an empty list of ${unit}`,
        { [unit]: [] },
        `: ${unit} must be at least one limit, received an empty array; absent: no limit`,
      ],
    ),
    ['a burst of null', { tokens: { limit: '5k/min', burst: null } }, '"burst" must be a positive amount'],
    [
      'a step to a model that the plan does not allow',
      { models: ['gpt-5', 'gpt-5-mini'], degrade: [{ at: 0.5, model: { 'gpt-5': 'gpt-5-mni' } }] },
      'degrade[0]: "model" names "gpt-5-mni" (did you mean "gpt-5-mini"?), which is not among the plan\'s models',
    ],
    [
      'a step from a model that the plan does not allow',
      { models: ['gpt-5', 'gpt-5-mini'], degrade: [{ at: 0.5, model: { 'gtp-5': 'gpt-5-mini' } }] },
      'degrade[0]: "model" names "gtp-5" (did you mean "gpt-5"?)',
    ],
    ...[{}, { '': 'gpt-5' }, { 'gpt-5': 'gpt-5' }, { 'gpt-*': 'gpt-5' }].map(
      (model): Wrong => [
        `a step of models ${JSON.stringify(model)}`,
        { degrade: [{ at: 0.5, model }] },
        '"model" must be an object of other model names by model name',
      ],
    ),
  ])('refuses %s', (_what, plan, message) => {
    expect(() => definePlans({ free: plan as PlanDeclaration })).toThrow(message);
    expect(() => definePlans({ free: plan as PlanDeclaration })).toThrow(/^definePlans: plan "free"/);
  });

  it('refuses no plans at all, and one without a name', () => {
    expect(() => definePlans({})).toThrow('expected an object of plans by name');
    expect(() => definePlans({ ' ': {} })).toThrow('definePlans: a plan must have a name, received " "');
  });

  it('knows what it has returned, and nothing else', () => {
    expect(acceptsPlans(definePlans({ free: {} }))).toBe(true);
    for (const plans of [{}, { free: {} }, { free: { spend: '$1/day' } }, [], null, 'free']) {
      expect(acceptsPlans(plans)).toBe('what definePlans returns');
    }
  });

  it('finds the plan of a caller, and refuses one that is not defined, also "constructor"', () => {
    const plans = definePlans({ free: {} });
    expect(planOf(plans, caller).name).toBe('free');
    expect(() => planOf(plans, { ...caller, plan: 'gold' })).toThrow('not known here');
    expect(() => planOf(plans, { ...caller, plan: 'constructor' })).toThrow('not known here');
  });
});

describe('limit builders', () => {
  it('give a limit its scope', () => {
    expect(spend('$5/day').by('route', 'user')).toMatchObject({
      unit: 'usd',
      amount: 5e9,
      scope: ['route', 'user'],
    });
    expect(spend('$5/day').scope).toEqual(['key']);
    expect(requests('10k/month')).toMatchObject({
      unit: 'requests',
      amount: 10_000,
      window: { kind: 'calendar' },
    });
    expect(tokens({ limit: '60k/min', burst: '90k' })).toMatchObject({
      amount: 90_000,
      window: { burst: 90_000 },
    });
  });

  it('name themselves when they are wrong', () => {
    expect(() => spend('5/day')).toThrow('spend() must be a limit such as "$0.50/day"');
    expect(() => spend('$5/day').by()).toThrow('spend(): "by" must be one or several of');
  });
});

describe('modelAllowed', () => {
  it('compares exactly, or up to a star at the end', () => {
    expect(modelAllowed(undefined, 'anything')).toBe(true);
    expect(modelAllowed(['gpt-5-mini'], 'gpt-5-mini')).toBe(true);
    expect(modelAllowed(['gpt-5-mini'], 'GPT-5-mini')).toBe(false);
    expect(modelAllowed(['gpt-5-mini'], 'gpt-5-mini-2026')).toBe(false);
    expect(modelAllowed(['claude-*'], 'claude-opus-4-5')).toBe(true);
    expect(modelAllowed([], 'gpt-5')).toBe(false);
  });
});
