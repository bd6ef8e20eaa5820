const hourMs = 3_600_000;

/** A budget of a period, in one unit of money, and its used amount. */
export interface Budget {
  readonly cap: number;
  readonly used: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** A pace that must hold over a long window and still hold over a short one. */
export interface BurnRule {
  readonly longMs: number;
  readonly shortMs: number;
  /** How many times the pace at which the cap would last exactly until the period's end. */
  readonly times: number;
}

/** How a budget burns. */
export interface Burn {
  /** The fastest rule that holds. */
  readonly rule: BurnRule;
  /** Times the even pace, over the rule's long window. */
  readonly rate: number;
  /** When the cap is reached at the pace of the short window, ms since the epoch. */
  readonly reachedAtMs: number;
}

/**
 * Pairs of windows and paces for budgets of a month, from Google's Site Reliability Workbook, chapter 5: a fast burn within the hour, slower ones
 * over six hours and three days.
 */
export const burnRules: readonly BurnRule[] = Object.freeze([
  { longMs: hourMs, shortMs: hourMs / 12, times: 14.4 },
  { longMs: 6 * hourMs, shortMs: hourMs / 2, times: 6 },
  { longMs: 72 * hourMs, shortMs: 6 * hourMs, times: 1.5 },
]);

/**
 * The first rule that matches: both windows must burn at the pace, so that spending that has ended matches nothing. `undefined` where the
 * cap lasts for the period all the same. `spentWithin(ms)` is the spend of the last `ms`.
 */
export function burning(
  budget: Budget,
  nowMs: number,
  spentWithin: (windowMs: number) => number,
  rules: readonly BurnRule[] = burnRules,
): Burn | undefined {
  const { cap, used, startMs, endMs } = budget;
  const even = cap / (endMs - startMs);
  for (const rule of rules) {
    if (rule.longMs > endMs - startMs) continue;
    const long = spentWithin(rule.longMs) / rule.longMs;
    const short = spentWithin(rule.shortMs) / rule.shortMs;
    if (long < rule.times * even || short < rule.times * even) continue;
    const reachedAtMs = nowMs + Math.max(cap - used, 0) / short;
    if (reachedAtMs < endMs) return { rule, rate: long / even, reachedAtMs };
  }
  return undefined;
}
