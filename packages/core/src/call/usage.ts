/** Usage of one attempt as the provider states it, normalised over all wire formats. Token counts are integers ≥ 0. */
export interface Usage {
  /** All input, cached reads and cache writes included. */
  readonly inputTokens: number;
  /** Part of `inputTokens` that was read from the provider's prompt cache. */
  readonly cachedInputTokens: number;
  /** Part of `inputTokens` that was written to the provider's prompt cache (all lifetimes). */
  readonly cacheWriteTokens: number;
  /** Part of `cacheWriteTokens` written for one hour, which Anthropic prices at twice the input. */
  readonly cacheWrite1hTokens: number;
  /** All output, reasoning included. */
  readonly outputTokens: number;
  /** Part of `outputTokens` that was reasoning. */
  readonly reasoningTokens: number;
  /** Part of `inputTokens` that was audio. */
  readonly inputAudioTokens: number;
  /** Part of `outputTokens` that was audio. */
  readonly outputAudioTokens: number;
  /** Uses of priced server-side tools, by name: `web_search`, `web_fetch`, … */
  readonly toolRequests: Readonly<Record<string, number>>;
  /** Service tier of the response, which decides the price. */
  readonly tier?: string | undefined;
  readonly source: 'provider' | 'estimated';
}

/** A usage of zero in all figures, as reported by the provider. */
export const noUsage: Usage = Object.freeze({
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  inputAudioTokens: 0,
  outputAudioTokens: 0,
  toolRequests: Object.freeze({}),
  source: 'provider',
});
