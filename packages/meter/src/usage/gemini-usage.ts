import { CountReader, type Fields, fieldsOf, type ReportedUsage, reported } from './reported-usage.js';

/**
 * `usageMetadata` of Gemini. Zeros are left out on the wire. Candidates and thoughts are billed as output; tool results that the provider
 * fed back (`toolUsePromptTokenCount`) are input.
 */
export function geminiUsage(usage: Fields): ReportedUsage {
  const counts = new CountReader();
  const prompt = counts.read(usage.promptTokenCount);
  const input = prompt === undefined ? undefined : prompt + counts.readOr0(usage.toolUsePromptTokenCount);
  const candidates = counts.read(usage.candidatesTokenCount);
  const thoughts = counts.readOr0(usage.thoughtsTokenCount);
  const total = counts.read(usage.totalTokenCount);
  const rest = total === undefined || input === undefined ? 0 : total - input;
  const wrong = candidates === undefined && (usage.candidatesTokenCount ?? null) !== null;
  return reported(counts, {
    inputTokens: input,
    outputTokens: wrong ? undefined : Math.max((candidates ?? 0) + thoughts, rest),
    cachedInputTokens: counts.readOr0(usage.cachedContentTokenCount),
    reasoningTokens: thoughts,
    inputAudioTokens: audioOf(counts, usage.promptTokensDetails),
    outputAudioTokens: audioOf(counts, usage.candidatesTokensDetails),
  });
}

function audioOf(counts: CountReader, details: unknown): number {
  if (!Array.isArray(details)) return 0;
  const audio = details.map(fieldsOf).find((detail) => detail.modality === 'AUDIO');
  return counts.readOr0(audio?.tokenCount);
}
