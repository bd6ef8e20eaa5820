import { CountReader, type Fields, type ReportedUsage, reported } from '../answer/reported-usage.js';

/** `usage` of embeddings: input only. */
export function embeddingsUsage(usage: Fields): ReportedUsage {
  const counts = new CountReader();
  const input = counts.read(usage.prompt_tokens) ?? counts.read(usage.total_tokens);
  return reported(counts, { inputTokens: input, outputTokens: 0 });
}
