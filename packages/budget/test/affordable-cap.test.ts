import { describe, expect, it } from '@jest/globals';
import { spend } from '@tollgate/core';
import type { Estimate, Unit } from '@tollgate/core/internal';
import fc from 'fast-check';
import { affordableCap } from '../src/affordable-cap.js';
import { demandOf } from '../src/amounts.js';
import type { LimitCharge } from '../src/charges.js';

const limit = spend('$1/day');
const units: readonly Unit[] = ['usd', 'tokens', 'outputTokens', 'inputTokens'];

/** An estimate whose output costs more per token above a threshold, as prices of long answers could. */
function estimateWith(inputTokens: number, answers: number, dearAbove: number) {
  return (cap: number): Estimate => {
    const outputTokens = cap * answers;
    const outputNanoUsd = outputTokens * 7 + Math.max(0, outputTokens - dearAbove) * 5;
    return {
      model: 'm',
      inputTokens,
      outputTokens,
      inputNanoUsd: inputTokens * 3,
      outputNanoUsd,
      costNanoUsd: inputTokens * 3 + outputNanoUsd,
      priceVersion: 'test',
      answers,
      maxOutputTokens: cap,
      capStated: false,
    };
  };
}

describe('affordableCap()', () => {
  it('is the largest cap that fits on every limit, whatever the prices', () => {
    const amounts = fc.record({
      input: fc.nat(50),
      answers: fc.integer({ min: 1, max: 4 }),
      most: fc.integer({ min: 2, max: 60 }),
      dearAbove: fc.nat(200),
      spare: fc.array(fc.nat(1_500), { minLength: units.length, maxLength: units.length }),
    });
    fc.assert(
      fc.property(amounts, ({ input, answers, most, dearAbove, spare }) => {
        const estimateOf = estimateWith(input, answers, dearAbove);
        const least = estimateOf(1);
        const available = units.map((unit, index) => demandOf(unit, least) + (spare[index] ?? 0));
        const charges = units.map((unit): LimitCharge => {
          const charge = {
            counter: unit,
            unit,
            limit: 1e9,
            window: limit.window,
            wide: false,
            soft: false,
            want: 0,
          };
          return { limit, charge };
        });
        const way = { model: 'm', cap: most, most: estimateOf(most), least, onlyBelow: undefined, level: 0 };
        const fits = (cap: number) =>
          units.every((unit, index) => demandOf(unit, estimateOf(cap)) <= (available[index] ?? 0));
        let largest = 1;
        while (largest < most && fits(largest + 1)) largest += 1;
        expect(affordableCap(way, charges, available, estimateOf)).toBe(largest);
      }),
    );
  });
});
