import type { ProviderAmounts } from '@tollgate/core/internal';
import type { PromptFacts } from '../call/prompt-facts.js';

/** Characters of a token, roughly, in English. */
const charactersPerToken = 4;
/** Approximate tokens of a message besides its text (OpenAI's cookbook, counting tokens for chat completions). */
const tokensPerTurn = 4;
/** Providers that limit output by itself count it as it is written; of a longer cap only so much is expected. */
const expectedOutput = 1_024;

/** The facts about a call's size that are known in advance. */
export type SizeFacts = Pick<PromptFacts, 'characters' | 'turns' | 'maxOutputTokens'>;

/**
 * A call's amounts of a provider's limits, as far as they are known before it is sent. OpenAI and Azure count the prompt and the whole
 * output cap against `tokens` when a request arrives; the amounts stated in the response correct errors.
 */
export function callSize({ characters, turns, maxOutputTokens = 0 }: SizeFacts): ProviderAmounts {
  const inputTokens = Math.ceil(characters / charactersPerToken) + turns * tokensPerTurn;
  return {
    requests: 1,
    tokens: inputTokens + maxOutputTokens,
    inputTokens,
    outputTokens: Math.min(maxOutputTokens, expectedOutput),
  };
}
