import {
  CountReader,
  type Fields,
  fieldsOf,
  type ReportedUsage,
  reported,
} from '../answer/reported-usage.js';

/** `usage` of a message: `input_tokens` excludes tokens read from and written to the cache, so the three are added. */
export function anthropicUsage(usage: Fields): ReportedUsage {
  const counts = new CountReader();
  // An iteration has no iterations: hostile ones, nested deeper, would overflow the stack.
  const listed = Array.isArray(usage.iterations) ? usage.iterations : [];
  const iterations = listed.map((one): Fields => ({ ...fieldsOf(one), iterations: undefined }));
  const fresh = counts.read(usage.input_tokens);
  const cached = counts.readOr0(usage.cache_read_input_tokens);
  const lives = fieldsOf(usage.cache_creation);
  const for1h = counts.readOr0(lives.ephemeral_1h_input_tokens);
  const byLife = for1h + counts.readOr0(lives.ephemeral_5m_input_tokens);
  const written = Math.max(counts.readOr0(usage.cache_creation_input_tokens), byLife);
  const tools = fieldsOf(usage.server_tool_use);
  const toolRequests: Record<string, number> = {};
  for (const name of Object.keys(tools)) {
    const requests = counts.readOr0(tools[name]);
    if (requests > 0) toolRequests[name.replace(/_requests$/, '')] = requests;
  }
  const output = counts.read(usage.output_tokens);
  // The totals leave compaction out (platform.claude.com/docs, "Compaction").
  const compactions = iterations.filter(({ type }) => type === 'compaction').map(anthropicUsage);
  const sum = (of: (one: ReportedUsage) => number | undefined): number =>
    compactions.reduce((total, one) => total + (of(one) ?? 0), 0);
  return reported(counts, {
    inputTokens: fresh === undefined ? undefined : fresh + cached + written + sum((one) => one.inputTokens),
    outputTokens: output === undefined ? undefined : output + sum((one) => one.outputTokens),
    cachedInputTokens: cached + sum((one) => one.cachedInputTokens),
    cacheWriteTokens: written + sum((one) => one.cacheWriteTokens),
    cacheWrite1hTokens: for1h + sum((one) => one.cacheWrite1hTokens),
    toolRequests,
    tier: tierOf(usage),
    others: advisorsIn(iterations),
  });
}

/** Iterations of an advisor, a model of its own price, which the totals leave out (platform.claude.com/docs, "Advisor tool"). */
function advisorsIn(iterations: readonly Fields[]): ReportedUsage['others'] {
  const found = iterations.flatMap((one) =>
    typeof one.type === 'string' && one.type.startsWith('advisor') && typeof one.model === 'string'
      ? [{ model: one.model, usage: anthropicUsage(one) }]
      : [],
  );
  return found.length > 0 ? found : undefined;
}

/** Fast mode has a separate price, independent of the service tier. */
function tierOf(usage: Fields): string | undefined {
  if (usage.speed === 'fast') return 'fast';
  return typeof usage.service_tier === 'string' ? usage.service_tier : undefined;
}

/** Merges a `message_delta`'s cumulative usage into the earlier one: per field the last value that is not null. */
export function mergeAnthropicUsage(known: Fields | undefined, said: Fields): Fields {
  const merged: Record<string, unknown> = { ...known };
  for (const name of Object.keys(said)) {
    if (said[name] !== null && said[name] !== undefined) merged[name] = said[name];
  }
  return merged;
}
