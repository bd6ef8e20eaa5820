import { defaultMaxOutputTokens, type JsonObject } from '@tollgate/core/internal';
import { budgetOf, effortOf } from '../effort.js';
import type { Effort, Settings } from '../neutral-request.js';
import { notTranslatableError } from '../not-translatable.js';

/** Models up to 4.5 think by a budget; later ones decide for themselves, by effort (platform.claude.com, "Adaptive thinking"). */
const byBudget = /^claude-(?:3|(?:opus|sonnet|haiku)-4(?:-[0-5])?(?:-\d{8}|@\d+)?$)/;

/** Anthropic's smallest budget, and the least that is left for a response where the client states no cap. */
const least = 1_024;

/** Writes Anthropic's two settings for the amount of thinking. */
export function writeThinking(
  model: string,
  { reasoning, maxTokens }: Settings,
): { thinking?: JsonObject; effort?: Exclude<Effort, 'none' | 'minimal'> } {
  if (!reasoning) return {};
  const effort = effortOf(reasoning.value);
  if (effort === 'none') return { thinking: { type: 'disabled' } };
  // Otherwise the model decides whether its thoughts are seen.
  const display = reasoning.value.shown && { display: 'summarized' };
  if (!byBudget.test(model)) {
    const thinking = { type: 'adaptive', ...display };
    if (effort === undefined) return { thinking };
    return { thinking, effort: effort === 'minimal' ? 'low' : effort };
  }
  const asked = budgetOf(reasoning.value) ?? 8_192;
  const room = maxTokens ? maxTokens.value - 1 : defaultMaxOutputTokens - least;
  if (room < least)
    throw notTranslatableError(
      reasoning.param,
      `with this model, thinking needs an output cap of more than ${least} tokens`,
    );
  return { thinking: { type: 'enabled', budget_tokens: Math.min(asked, room), ...display } };
}
