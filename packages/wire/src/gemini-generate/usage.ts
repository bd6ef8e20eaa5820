import {
  CountReader,
  type Fields,
  fieldsOf,
  type ReportedUsage,
  reported,
} from '../answer/reported-usage.js';

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

/** Models up to Gemini 2.5 bill grounding by prompt, later ones by query (ai.google.dev/gemini-api/docs/pricing). */
const billedByPrompt = /^(?:models\/)?gemini-[12]\b/;

/**
 * Uses of Gemini's server-side tools in a response or an event, which `usageMetadata` lacks: searches as `web_search`, the others by the name
 * of the tool in the request.
 */
export function geminiToolRequests({ candidates, modelVersion }: Fields): Readonly<Record<string, number>> {
  const requests: Record<string, number> = {};
  const add = (tool: string, count: number): void => {
    if (count > 0) requests[tool] = (requests[tool] ?? 0) + count;
  };
  const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);
  for (const candidate of listOf(candidates)) {
    const grounding = fieldsOf(candidate.groundingMetadata);
    const chunks = listOf(grounding.groundingChunks);
    const has = (kind: string): number => Number(chunks.some((chunk) => chunk[kind] !== undefined));
    const queries = listOf(grounding.webSearchQueries).length;
    add(
      'web_search',
      typeof modelVersion === 'string' && billedByPrompt.test(modelVersion)
        ? Math.min(1, queries)
        : Math.max(queries, has('web')),
    );
    add('googleMaps', has('maps'));
    add('fileSearch', has('retrievedContext'));
    add('urlContext', listOf(fieldsOf(candidate.urlContextMetadata).urlMetadata).length);
  }
  return requests;
}

function audioOf(counts: CountReader, details: unknown): number {
  if (!Array.isArray(details)) return 0;
  const audio = details.map(fieldsOf).find((detail) => detail.modality === 'AUDIO');
  return counts.readOr0(audio?.tokenCount);
}
