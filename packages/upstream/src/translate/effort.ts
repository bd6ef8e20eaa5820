import type { Effort, Reasoning } from './neutral-request.js';

/**
 * The budget in tokens for an effort, with models that take a budget: as Google's own OpenAI endpoint translates it (ai.google.dev, "OpenAI
 * compatibility"); beyond `high`, where Anthropic's documentation sees little further gain.
 */
const budgets: Readonly<Record<Exclude<Effort, 'none'>, number>> = {
  minimal: 1_024,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
  xhigh: 32_768,
  max: 32_768,
};

/** The requested budget, or that of the effort; 0: no thinking; `undefined`: the model decides. */
export function budgetOf({ budget, effort }: Reasoning): number | undefined {
  if (budget !== undefined || effort === undefined) return budget;
  return effort === 'none' ? 0 : budgets[effort];
}

/** The requested effort, or the one nearest to the budget. */
export function effortOf({ budget, effort }: Reasoning): Effort | undefined {
  if (effort !== undefined || budget === undefined) return effort;
  if (budget === 0) return 'none';
  if (budget < 4_096) return 'low';
  return budget < 16_384 ? 'medium' : 'high';
}
