import { CountReader, type Fields, fieldsOf, type ReportedUsage, reported } from './reported-usage.js';

/**
 * `usage` of chat completions and embeddings. `completion_tokens` includes reasoning and rejected predictions, which are billed; where a
 * compatible provider leaves reasoning out, `total_tokens` includes it.
 */
export function openaiChatUsage(usage: Fields): ReportedUsage {
  const input = fieldsOf(usage.prompt_tokens_details);
  const output = fieldsOf(usage.completion_tokens_details);
  return fromOpenai(usage, {
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

/** `usage` of embeddings: input only. */
export function openaiEmbeddingsUsage(usage: Fields): ReportedUsage {
  const counts = new CountReader();
  const input = counts.read(usage.prompt_tokens) ?? counts.read(usage.total_tokens);
  return reported(counts, { inputTokens: input, outputTokens: 0 });
}

/** `usage` of the responses API. */
export function openaiResponsesUsage(usage: Fields): ReportedUsage {
  const input = fieldsOf(usage.input_tokens_details);
  const output = fieldsOf(usage.output_tokens_details);
  return fromOpenai(usage, {
    input: usage.input_tokens,
    output: usage.output_tokens,
    cached: input.cached_tokens,
    written: input.cache_write_tokens,
    inputAudio: input.audio_tokens,
    reasoning: output.reasoning_tokens,
    outputAudio: output.audio_tokens,
  });
}

interface OpenaiFigures {
  readonly input: unknown;
  readonly output: unknown;
  readonly cached: unknown;
  readonly written: unknown;
  readonly inputAudio: unknown;
  readonly reasoning: unknown;
  readonly outputAudio: unknown;
}

/** No call costs more; a larger figure is an error. In US dollars. */
const mostUsd = 1_000_000;

/**
 * The cost that OpenRouter states in dollars (`cost`; openrouter.ai/docs, "Usage Accounting") and xAI in ticks of 1e-10 dollars
 * (`cost_in_usd_ticks`; docs.x.ai, "REST API"), in nano-dollars, rounded up. Floats are nearly exact: less than 1e-9 of the amount is no reason
 * to round up.
 */
function statedNanoUsd({ cost, cost_in_usd_ticks: ticks }: Fields): number | undefined {
  const nano = typeof cost === 'number' ? cost * 1e9 : typeof ticks === 'number' ? ticks / 10 : Number.NaN;
  return nano >= 0 && nano <= mostUsd * 1e9 ? Math.ceil(nano * (1 - 1e-9)) : undefined;
}

function fromOpenai(usage: Fields, said: OpenaiFigures): ReportedUsage {
  const counts = new CountReader();
  const inputTokens = counts.read(said.input);
  const output = counts.read(said.output);
  const total = counts.read(usage.total_tokens);
  const rest = total === undefined || inputTokens === undefined ? 0 : total - inputTokens;
  return reported(counts, {
    inputTokens,
    outputTokens: output === undefined ? undefined : Math.max(output, rest),
    cachedInputTokens: counts.readOr0(said.cached),
    cacheWriteTokens: counts.readOr0(said.written),
    inputAudioTokens: counts.readOr0(said.inputAudio),
    reasoningTokens: counts.readOr0(said.reasoning),
    outputAudioTokens: counts.readOr0(said.outputAudio),
    statedNanoUsd: statedNanoUsd(usage),
  });
}
