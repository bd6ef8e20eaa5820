import { describe, expect, it } from '@jest/globals';
import { riskOf, unusual } from '../../src/detectors/risk.js';

//            spend5 hour minute cost irregular repeats ratio refused errors
const usual = [-1, 0, 0, -0.5, 1, 0.9, 0.3, 0, 0];

describe('the combined risk of a request', () => {
  it('is 0 where nothing is unusual', () => {
    expect(riskOf(usual, 0.45)).toBe(0);
  });

  it('is that of its one reason, or the root of the sum of the squares of several', () => {
    expect(riskOf(usual.with(0, 4), 0.5)).toBe(4);
    expect(riskOf(usual.with(1, 4).with(3, 3), 0.5)).toBe(5);
    expect(riskOf(usual.with(0, 4), 0.65)).toBeCloseTo(5, 9);
  });

  it('minds machines only where they are fast', () => {
    const machine = usual.with(4, 0);
    expect(riskOf(machine, 0.5)).toBe(0);
    expect(riskOf(machine.with(2, 4).with(5, 0), 0.5)).toBeCloseTo(5, 9);
  });

  it('says its reasons once it has lasted, the greatest first', () => {
    const row = usual.with(0, 7).with(2, 5);
    expect(unusual(7.9, row, 0.6)).toBeUndefined();
    expect(unusual(9, row, 0.6)).toMatchObject({ detector: 'unusual', score: 9 });
    expect(unusual(9, row, 0.6)?.features.map(({ feature }) => feature)).toEqual([
      'spendScore',
      'requestsScoreMinute',
      'repetition',
      'unlikeOthers',
    ]);
  });
});
