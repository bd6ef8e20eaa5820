import type { EventCharge, UsageEvent } from './usage-event.js';

/** The figures of an event that counters are charged by. */
type Figures = Pick<UsageEvent, 'costNanoUsd' | 'inputTokens' | 'outputTokens'>;

/**
 * An event's estimate in the unit of a counter: nano-dollars or tokens, by the first part of the counter's key. `undefined` for counters of
 * requests, which an estimate does not change.
 */
export function estimateIn(
  counter: string,
  { costNanoUsd, inputTokens, outputTokens }: Figures,
): number | undefined {
  switch (counter.slice(0, counter.indexOf('/'))) {
    case 'usd':
      return Number(costNanoUsd);
    case 'tokens':
      return inputTokens + outputTokens;
    case 'inputTokens':
      return inputTokens;
    case 'outputTokens':
      return outputTokens;
    default:
      return undefined;
  }
}

/**
 * Charges of an attempt whose end is unknown, each with its part beyond the estimate. For a counter charged in several windows, the
 * estimate counts in the first of them.
 */
export function withUnresolved(charges: readonly EventCharge[], figures: Figures): EventCharge[] {
  const left = new Map<string, number>();
  return charges.map(({ counter, window, amount }) => {
    const estimate = left.get(counter) ?? estimateIn(counter, figures);
    if (estimate === undefined) return { counter, window, amount };
    const known = Math.min(amount, estimate);
    left.set(counter, estimate - known);
    const unresolved = amount - known;
    return unresolved > 0 ? { counter, window, amount, unresolved } : { counter, window, amount };
  });
}

/** The largest charge of a money counter beyond the estimate, in nano-dollars; `undefined` where no charge is in money. */
export function unresolvedUsd(charges: readonly EventCharge[]): number | undefined {
  const byCounter = new Map<string, number>();
  for (const { counter, unresolved = 0 } of charges) {
    if (counter.startsWith('usd/')) byCounter.set(counter, (byCounter.get(counter) ?? 0) + unresolved);
  }
  return byCounter.size === 0 ? undefined : Math.max(...byCounter.values());
}
