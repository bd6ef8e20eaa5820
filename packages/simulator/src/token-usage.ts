/** The usage of one exchange, in one vocabulary for every API. All figures are token counts unless named otherwise, integers ≥ 0. */
export interface TokenUsage {
  /** All input, cached and cache-written included. */
  inputTokens: number;
  /** Input read from the prompt cache; part of `inputTokens`. */
  cachedInputTokens: number;
  /** Input written to the prompt cache for five minutes (or without a stated life); part of `inputTokens`. */
  cacheWriteTokens: number;
  /** Input written to the prompt cache for one hour; part of `inputTokens`. */
  cacheWriteOneHourTokens: number;
  /** Audio input; part of `inputTokens`. */
  inputAudioTokens: number;
  /** All output of all choices, reasoning and rejected predictions included. */
  outputTokens: number;
  /** Reasoning or thinking; part of `outputTokens`. */
  reasoningTokens: number;
  /** Audio output; part of `outputTokens`. */
  outputAudioTokens: number;
  /** Predicted tokens that were used; part of `outputTokens`. */
  acceptedPredictionTokens: number;
  /** Predicted tokens that were discarded and are billed all the same; part of `outputTokens`. */
  rejectedPredictionTokens: number;
  /** Web searches the provider ran itself. A count of searches. */
  webSearches: number;
}

/** No usage at all. */
export const NO_USAGE: Readonly<TokenUsage> = Object.freeze({
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  cacheWriteOneHourTokens: 0,
  inputAudioTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  outputAudioTokens: 0,
  acceptedPredictionTokens: 0,
  rejectedPredictionTokens: 0,
  webSearches: 0,
});

const fields = Object.keys(NO_USAGE).filter((key): key is keyof TokenUsage => key in NO_USAGE);

/** The sum of two usages, field by field. */
export function addUsage(left: TokenUsage, right: TokenUsage): TokenUsage {
  const sum = { ...left };
  for (const field of fields) sum[field] += right[field];
  return sum;
}

/** The usage once only `producedTokens` of the output exist: the input in full, output classes cut to fit. */
export function usageAfter(producedTokens: number, full: TokenUsage): TokenUsage {
  const outputTokens = Math.min(producedTokens, full.outputTokens);
  const cut = { ...full, outputTokens };
  for (const field of [
    'reasoningTokens',
    'outputAudioTokens',
    'acceptedPredictionTokens',
    'rejectedPredictionTokens',
  ] as const) {
    cut[field] = Math.min(full[field], outputTokens);
  }
  return cut;
}
