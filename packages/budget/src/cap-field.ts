import type { WireApi } from '@tollgate/core';

/** Name of the field of a body that states its output cap, for messages: where two are stated, the one that counts first. */
export function capField(api: WireApi, body: unknown): string {
  switch (api) {
    case 'openai-responses':
      return 'max_output_tokens';
    case 'gemini-generate':
      return 'generationConfig.maxOutputTokens';
    case 'anthropic-messages':
      return 'max_tokens';
    default: {
      const isObject = typeof body === 'object' && body !== null;
      return isObject && !('max_completion_tokens' in body) ? 'max_tokens' : 'max_completion_tokens';
    }
  }
}
