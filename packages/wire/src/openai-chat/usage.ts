import { openaiUsage } from '../answer/openai-usage.js';
import { type Fields, fieldsOf, type ReportedUsage } from '../answer/reported-usage.js';

/**
 * `usage` of chat completions. `completion_tokens` includes reasoning and rejected predictions, which are billed; where a
 * compatible provider leaves reasoning out, `total_tokens` includes it.
 */
export function chatUsage(usage: Fields): ReportedUsage {
  const input = fieldsOf(usage.prompt_tokens_details);
  const output = fieldsOf(usage.completion_tokens_details);
  return openaiUsage(usage, {
    input: usage.prompt_tokens,
    output: usage.completion_tokens,
    // Beside OpenAI's field, those of Moonshot, Mistral and DeepSeek (their API references, "usage").
    cached:
      input.cached_tokens ?? usage.cached_tokens ?? usage.num_cached_tokens ?? usage.prompt_cache_hit_tokens,
    written: input.cache_write_tokens,
    inputAudio: input.audio_tokens,
    reasoning: output.reasoning_tokens,
    outputAudio: output.audio_tokens,
  });
}
