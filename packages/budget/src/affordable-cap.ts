import type { Estimate } from '@tollgate/core/internal';
import { demandOf } from './amounts.js';
import type { Candidate } from './candidates.js';
import type { LimitCharge } from './charges.js';

/**
 * The largest output cap, up to the candidate's, whose estimate fits the available amount of every limit. `available` has one amount for
 * each charge; the store never grants less than the candidate's least estimate needs.
 */
export function affordableCap(
  candidate: Candidate,
  charges: readonly LimitCharge[],
  available: readonly number[],
  estimateOf: (cap: number) => Estimate,
): number {
  const most = candidate.cap ?? 0;
  const fits = (estimate: Estimate): boolean =>
    charges.every(
      ({ charge }, index) => charge.soft || demandOf(charge.unit, estimate) <= (available[index] ?? 0),
    );
  if (candidate.least === undefined || fits(candidate.most)) return most;
  let low = candidate.least.maxOutputTokens;
  let high = most - 1;
  const guess = charges.reduce((cap, { charge }, index) => {
    return charge.soft ? cap : Math.min(cap, capWithin(candidate, charge.unit, available[index] ?? 0));
  }, most);
  const probes = [guess, guess + 1];
  while (low < high) {
    const next = probes.shift() ?? Math.ceil((low + high) / 2);
    if (next <= low || next > high) continue;
    if (fits(estimateOf(next))) low = next;
    else high = next - 1;
  }
  return low;
}

/** The cap that an amount affords if prices were straight lines; the search above corrects it where they are not. */
function capWithin({ most }: Candidate, unit: LimitCharge['charge']['unit'], amount: number): number {
  const answers = Math.max(1, most.answers);
  switch (unit) {
    case 'usd':
      return most.outputNanoUsd === 0
        ? most.maxOutputTokens
        : Math.floor(((amount - most.inputNanoUsd) * most.maxOutputTokens) / most.outputNanoUsd);
    case 'tokens':
      return Math.floor((amount - most.inputTokens) / answers);
    case 'outputTokens':
      return Math.floor(amount / answers);
    default:
      return most.maxOutputTokens;
  }
}
