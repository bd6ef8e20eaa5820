import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatUsd, parseUsd } from '../../src/lib/money.js';

describe('money', () => {
  it.each([
    ['$0.50', 500_000_000],
    ['12', 12_000_000_000],
    ['0.000000001', 1],
    ['$0', 0],
    ['9000000', 9_000_000_000_000_000],
  ])('reads %s exactly', (text, nano) => {
    expect(parseUsd(text)).toBe(nano);
  });

  it.each(['', '-1', '1e3', '0.0000000001', '$', '1,5', ' 1', '99999999999', 'NaN'])('refuses %j', (text) => {
    expect(parseUsd(text)).toBeUndefined();
  });

  it('writes what it reads', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_000_000_000_000_000 }), (nano) => {
        expect(parseUsd(formatUsd(nano))).toBe(nano);
      }),
    );
  });

  it('shows at least cents, and every nano-dollar', () => {
    expect(formatUsd(1_500_000_000)).toBe('1.50');
    expect(formatUsd(1)).toBe('0.000000001');
    expect(formatUsd(-250_000_000)).toBe('-0.25');
  });
});
