import type { OpenAttempt } from './day-of-ledger.js';

/**
 * The amount of one figure that each attempt keeps, where a provider's total leaves `left` for all of them (`undefined`: not stated, and
 * each keeps its charge). A tenant keeps no more than that, nor than the charges of its attempts; each attempt keeps at least its estimate.
 * The amount beyond estimates is shared within the tenant in proportion to the charges beyond them, to the unit.
 */
export function shared(
  attempts: readonly OpenAttempt[],
  left: bigint | undefined,
  name: 'costNanoUsd' | 'inputTokens' | 'outputTokens',
): Map<OpenAttempt, bigint> {
  const kept = new Map<OpenAttempt, bigint>();
  for (const tenant of new Set(attempts.map((attempt) => attempt.tenant))) {
    const own = attempts.filter((attempt) => attempt.tenant === tenant);
    const estimates = own.reduce((sum, { estimate }) => sum + estimate[name], 0n);
    let beyond = own.reduce((sum, { estimate, most }) => sum + most[name] - estimate[name], 0n);
    let room = left === undefined ? beyond : smaller(beyond, left < estimates ? 0n : left - estimates);
    for (const attempt of own) {
      const part = attempt.most[name] - attempt.estimate[name];
      const share = beyond === 0n ? 0n : (room * part) / beyond;
      kept.set(attempt, attempt.estimate[name] + share);
      room -= share;
      beyond -= part;
    }
  }
  return kept;
}

const smaller = (one: bigint, other: bigint): bigint => (one < other ? one : other);
