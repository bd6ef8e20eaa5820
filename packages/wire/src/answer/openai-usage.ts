import { CountReader, type Fields, type ReportedUsage, reported } from './reported-usage.js';

/** Where OpenAI’s formats state their figures: values as they were found. */
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

/** Reads a usage object of one of OpenAI’s formats. */
export function openaiUsage(usage: Fields, said: OpenaiFigures): ReportedUsage {
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
