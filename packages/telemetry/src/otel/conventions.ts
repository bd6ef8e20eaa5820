import type { UsageEvent } from '@tollgate/core';

/** Versions of OpenTelemetry's conventions for generative AI: 1.36, which deployed tools read, and the development version of 2026-09. */
export const conventionVersions = ['1.36', '2026-09'] as const;
export type ConventionVersion = (typeof conventionVersions)[number];

/** The names of one version, in one place: they are still being renamed (semantic-conventions-genai, all of them in development). */
export interface Conventions {
  /** The attribute with the provider. */
  readonly provider: string;
  /** Attributes of a span with token counts, by the field of a usage event. */
  readonly spanTokens: Readonly<Partial<Record<TokenField, string>>>;
  /** The one histogram of tokens with a type; absent: there is one instrument for each kind of token. */
  readonly tokenUsage: string | undefined;
  /** Counters of tokens, by the field of a usage event. */
  readonly tokenCounters: Readonly<Partial<Record<TokenField, string>>>;
  /** Histograms of the tokens of an operation. */
  readonly tokenHistograms: Readonly<Partial<Record<TokenField, string>>>;
  readonly duration: string;
  readonly firstChunk: string;
}

type TokenField =
  | 'inputTokens'
  | 'outputTokens'
  | 'cachedInputTokens'
  | 'cacheWriteTokens'
  | 'reasoningTokens';

const times = {
  duration: 'gen_ai.client.operation.duration',
  firstChunk: 'gen_ai.client.operation.time_to_first_chunk',
};

export const conventions: Readonly<Record<ConventionVersion, Conventions>> = {
  '1.36': {
    provider: 'gen_ai.system',
    spanTokens: { inputTokens: 'gen_ai.usage.input_tokens', outputTokens: 'gen_ai.usage.output_tokens' },
    tokenUsage: 'gen_ai.client.token.usage',
    tokenCounters: {},
    tokenHistograms: {},
    ...times,
  },
  '2026-09': {
    provider: 'gen_ai.provider.name',
    spanTokens: {
      inputTokens: 'gen_ai.usage.input_tokens',
      outputTokens: 'gen_ai.usage.output_tokens',
      cachedInputTokens: 'gen_ai.usage.cache_read.input_tokens',
      cacheWriteTokens: 'gen_ai.usage.cache_write.input_tokens',
    },
    tokenUsage: undefined,
    tokenCounters: {
      inputTokens: 'gen_ai.client.inference.usage.input_tokens',
      outputTokens: 'gen_ai.client.inference.usage.output_tokens',
      cachedInputTokens: 'gen_ai.client.inference.usage.cache_read.input_tokens',
      cacheWriteTokens: 'gen_ai.client.inference.usage.cache_write.input_tokens',
      reasoningTokens: 'gen_ai.client.inference.usage.reasoning.output_tokens',
    },
    tokenHistograms: {
      inputTokens: 'gen_ai.client.inference.operation.input_tokens',
      outputTokens: 'gen_ai.client.inference.operation.output_tokens',
    },
    ...times,
  },
};

/** Bounds that the conventions advise, in tokens and in seconds. */
export const tokenBuckets = [
  1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
];
export const durationBuckets = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
export const firstChunkBuckets = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15, 20, 30, 45, 60,
];

/** Providers whose names differ from ours. */
const providers: Readonly<Record<string, string>> = {
  azure: 'azure.ai.openai',
  google: 'gcp.gemini',
  mistral: 'mistral_ai',
  xai: 'x_ai',
  bedrock: 'aws.bedrock',
  vertex: 'gcp.vertex_ai',
};

export const providerOf = ({ provider }: Pick<UsageEvent, 'provider'>): string =>
  Object.hasOwn(providers, provider) ? (providers[provider] ?? provider) : provider;

/** The operation of an attempt, by its route: usage events have no other sign of it. */
export function operationOf({ route }: Pick<UsageEvent, 'route'>): string {
  if (route?.includes('/embeddings') || route?.includes(':embed')) return 'embeddings';
  if (route?.includes(':generateContent') || route?.includes(':streamGenerateContent'))
    return 'generate_content';
  return 'chat';
}
