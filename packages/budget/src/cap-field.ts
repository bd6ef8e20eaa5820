import type { WireApi } from '@tollgate/core/internal';

/** Name of the field of a body that states its output cap, for messages: where two are stated, the one that states the most. */
export function capField(api: WireApi, body: unknown, stated: number): string {
  switch (api) {
    case 'openai-responses':
      return 'max_output_tokens';
    case 'gemini-generate':
      return 'generationConfig.maxOutputTokens';
    case 'anthropic-messages':
      return 'max_tokens';
    default: {
      const isObject = typeof body === 'object' && body !== null;
      const isLegacy = isObject && 'max_tokens' in body && body.max_tokens === stated;
      const isBoth = isObject && 'max_completion_tokens' in body && body.max_completion_tokens === stated;
      return isLegacy && !isBoth ? 'max_tokens' : 'max_completion_tokens';
    }
  }
}
