import type { Usage } from '@tollgate/core';

/** No model has a window near this many tokens: larger counts are capped here. */
const mostTokens = 1_000_000_000;

/** A provider's usage object in Tollgate's terms. `undefined`: absent, or not a count. */
export interface ReportedUsage {
  /** All input, cached reads and cache writes included. */
  readonly inputTokens: number | undefined;
  /** All output, reasoning included. */
  readonly outputTokens: number | undefined;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly reasoningTokens: number;
  readonly inputAudioTokens: number;
  readonly outputAudioTokens: number;
  readonly toolRequests: Readonly<Record<string, number>>;
  readonly tier: string | undefined;
  /** The cost that the provider states for the call, in nano-dollars, rounded up. */
  readonly statedNanoUsd?: number | undefined;
  /** Usage of other models that worked on the same answer, not part of the figures above. */
  readonly others?: readonly { readonly model: string; readonly usage: ReportedUsage }[] | undefined;
  /** A figure was negative, a string, a fraction, absurd, or larger than the whole that it is part of. */
  readonly suspicious: boolean;
}

/** An object of JSON whose fields are not known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** The value as an object; an empty one for anything else. */
export const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

/** Reads counts, and remembers whether any of them was strange. */
export class CountReader {
  suspicious = false;

  /** A count ≥ 0; `undefined` where it is absent, null, negative or no number. Implausible ones are capped. */
  read(value: unknown): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= mostTokens)
      return Number(value);
    this.suspicious = true;
    const number = typeof value === 'string' && /^\d{1,20}$/.test(value) ? Number(value) : value;
    if (typeof number !== 'number' || !(number >= 0)) return undefined;
    return Math.min(mostTokens, Math.ceil(number));
  }

  /** The same, absent read as 0. */
  readOr0(value: unknown): number {
    return this.read(value) ?? 0;
  }

  /** Part of a whole: at most the rest of it. */
  partOf(whole: number | undefined, value: number): number {
    if (whole === undefined || value <= whole) return value;
    this.suspicious = true;
    return Math.max(0, whole);
  }
}

/** The counts as they were read; parts that exceed their whole are cut to it and flagged. */
export function reported(
  counts: CountReader,
  said: Partial<Omit<ReportedUsage, 'suspicious'>>,
): ReportedUsage {
  const { inputTokens, outputTokens } = said;
  const written = counts.partOf(inputTokens, said.cacheWriteTokens ?? 0);
  const read = counts.partOf(inputTokens, said.cachedInputTokens ?? 0);
  // Some gateways count a token as read and as written (OpenRouter): it costs the write, which is the higher price.
  const cached = inputTokens === undefined ? read : Math.min(read, inputTokens - written);
  return {
    inputTokens,
    outputTokens,
    cachedInputTokens: cached,
    cacheWriteTokens: written,
    cacheWrite1hTokens: counts.partOf(written, said.cacheWrite1hTokens ?? 0),
    reasoningTokens: counts.partOf(outputTokens, said.reasoningTokens ?? 0),
    inputAudioTokens: counts.partOf(inputTokens, said.inputAudioTokens ?? 0),
    outputAudioTokens: counts.partOf(outputTokens, said.outputAudioTokens ?? 0),
    toolRequests: said.toolRequests ?? {},
    tier: said.tier,
    statedNanoUsd: said.statedNanoUsd,
    others: said.others,
    suspicious: counts.suspicious,
  };
}

/** Fills in missing figures. */
export function completed(
  usage: ReportedUsage,
  missing: { readonly inputTokens: number; readonly outputTokens: number },
  source: Usage['source'],
): Usage {
  const counts = {
    inputTokens: usage.inputTokens ?? missing.inputTokens,
    cachedInputTokens: usage.cachedInputTokens,
    cacheWriteTokens: usage.cacheWriteTokens,
    cacheWrite1hTokens: usage.cacheWrite1hTokens,
    outputTokens: usage.outputTokens ?? missing.outputTokens,
    reasoningTokens: usage.reasoningTokens,
    inputAudioTokens: usage.inputAudioTokens,
    outputAudioTokens: usage.outputAudioTokens,
    toolRequests: usage.toolRequests,
    source,
  };
  return usage.tier === undefined ? counts : { ...counts, tier: usage.tier };
}
