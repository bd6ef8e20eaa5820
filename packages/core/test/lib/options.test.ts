import { describe, expect, it } from '@jest/globals';
import { accepts, checkOptions, describeValue } from '../../src/lib/options.js';

interface Options {
  limit?: number;
  name?: string;
}
const checks = { limit: accepts.positiveInteger, name: accepts.string };

describe('checkOptions', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, '5', null, 1.5, -1, 0, {}, []])(
    'refuses %j as a positive integer',
    (limit) => {
      expect(() => checkOptions<Options>('rateLimit', { limit } as never, checks)).toThrow(
        `rateLimit: "limit" must be a positive integer, received ${describeValue(limit)}`,
      );
    },
  );

  it('takes undefined as absent', () => {
    expect(() => checkOptions<Options>('rateLimit', { limit: undefined } as never, checks)).not.toThrow();
    expect(() => checkOptions<Options>('rateLimit', undefined, checks)).not.toThrow();
  });

  it('names an unknown option, and the one that was probably meant', () => {
    expect(() => checkOptions<Options>('rateLimit', { limt: 5 } as never, checks)).toThrow(
      'rateLimit: unknown option "limt" (did you mean "limit"?); known are limit, name',
    );
    expect(() => checkOptions<Options>('rateLimit', { constructor: 5 } as never, checks)).toThrow(
      'unknown option',
    );
  });

  it('names a required option', () => {
    expect(() => checkOptions<Options>('rateLimit', {}, checks, ['limit'])).toThrow(
      'rateLimit: "limit" is required and must be a positive integer',
    );
  });

  it('takes text of spaces alone, an empty list where one is needed, and an array in the place of a store for nothing', () => {
    expect(accepts.string(' ')).toBe('a non-empty string');
    expect(accepts.arrayOf(accepts.string)([])).toBe(true);
    expect(accepts.someOf(accepts.string)([])).toBe('a non-empty array, each a non-empty string');
    expect(accepts.someOf(accepts.string)(['a', ' '])).toBe(
      'a non-empty array, each a non-empty string (item 1 is " ")',
    );
    expect(accepts.someOf(accepts.string)('a')).toBe('a non-empty array, each a non-empty string');
    expect(accepts.methods('find')([])).toBe('an object with find()');
    expect(accepts.methods('find')(new Map([['find', 1]]))).toBe('an object with find()');
  });

  it.each([5, 'x', [], null])('refuses %j as options', (options) => {
    expect(() => checkOptions<Options>('rateLimit', options as never, checks)).toThrow(
      /options must be an object|unknown/,
    );
  });
});
