import type { JsonObject } from '@tollgate/core/internal';
import { budgetOf, effortOf } from '../effort.js';
import type { Asked, Effort, Reasoning } from '../neutral-request.js';
import { notTranslatableError } from '../not-translatable.js';

/** Gemini 3 and later use a thinking level (ai.google.dev, "Gemini thinking"); earlier models a budget. */
const byBudget = /^gemini-[12]\b/;

const levels: Readonly<Record<Exclude<Effort, 'none'>, string>> = {
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
  xhigh: 'HIGH',
  max: 'HIGH',
};

/** Gemini's `thinkingConfig`. */
export function writeThinking(model: string, { value, param }: Asked<Reasoning>): JsonObject {
  const shown = value.shown ? { includeThoughts: true } : {};
  if (byBudget.test(model)) return { ...shown, thinkingBudget: budgetOf(value) ?? -1 };
  const effort = effortOf(value);
  if (effort === undefined) return shown;
  if (effort === 'none') throw notTranslatableError(param, 'this model cannot be kept from thinking');
  return { ...shown, thinkingLevel: levels[effort] };
}
