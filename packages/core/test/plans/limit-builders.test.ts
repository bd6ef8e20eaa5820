import { describe, expect, it } from '@jest/globals';
import { requests, spend, tokens } from '../../src/index.js';
import { type DeclaredLimit, describeLimit, limitsOf } from '../../src/internal.js';

const scopesOf = (declared: DeclaredLimit, scope: 'key' | 'global' = 'global') =>
  limitsOf('test: limits', declared, scope).map((limit) => [limit.unit, limit.amount, limit.scope]);

describe('limits outside of a plan', () => {
  it('are of whom the place says, unless they say so themselves, whatever the form', () => {
    for (const scope of ['key', 'global'] as const) {
      expect(scopesOf('$5/day', scope)).toEqual([['usd', 5_000_000_000, [scope]]]);
      expect(scopesOf({ limit: '$5/day' }, scope)).toEqual([['usd', 5_000_000_000, [scope]]]);
      expect(scopesOf({ spend: '$5/day' }, scope)).toEqual([['usd', 5_000_000_000, [scope]]]);
      expect(scopesOf(spend('$5/day'), scope)).toEqual([['usd', 5_000_000_000, [scope]]]);
      expect(scopesOf(requests({ limit: '2/min' }), scope)).toEqual([['requests', 2, [scope]]]);
    }
    const own: readonly DeclaredLimit[] = [
      { limit: '$5/day', by: 'tenant' },
      { spend: { limit: '$5/day', by: 'tenant' } },
      spend('$5/day').by('tenant'),
      spend({ limit: '$5/day', by: 'tenant' }),
    ];
    for (const limit of own) expect(scopesOf(limit)).toEqual([['usd', 5_000_000_000, ['tenant']]]);
    expect(scopesOf(tokens('20k/day').by('key'))).toEqual([['tokens', 20_000, ['key']]]);
  });

  it('take the words of a plan, several at once', () => {
    const declared = { requests: '2/min', tokens: ['20k/day', { limit: '1M/month', by: 'tenant' }] } as const;
    expect(scopesOf(declared, 'key')).toEqual([
      ['requests', 2, ['key']],
      ['tokens', 20_000, ['key']],
      ['tokens', 1_000_000, ['tenant']],
    ]);
  });

  it.each([
    [
      '2/min',
      'test: limits: the unit of "2/min" is unclear: write { requests: "2/min" } or { tokens: "2/min" }',
    ],
    [{ limit: '20k/day' }, 'the unit of "20k/day" is unclear'],
    [{ request: '2/min' }, 'test: limits: unknown unit "request" (did you mean "requests"?)'],
    [{}, 'must be a limit such as "$5/day", { requests: "2/min" } or spend("$5/day")'],
    [{ requests: [] }, 'test: limits: requests must be a limit'],
    [{ spend: '2/min' }, 'test: limits: spend must be a limit such as "$0.50/day"'],
    [5, 'must be a limit such as "$5/day"'],
    [null, 'must be a limit such as "$5/day"'],
  ])('refuse %j', (declared, message) => {
    expect(() => limitsOf('test: limits', declared as DeclaredLimit, 'key')).toThrow(message);
  });

  it('are described in words', () => {
    const described = (declared: DeclaredLimit) => limitsOf('test', declared, 'global').map(describeLimit);
    expect(described('$100/day')).toEqual(['$100.00/day by global']);
    expect(described({ requests: { limit: '2/min', by: ['route', 'user'] } })).toEqual([
      '2 requests/minute by route and user',
    ]);
    expect(described(tokens('20k/min'))).toEqual(['20000 tokens burst, 20000/60 s by global']);
  });
});
