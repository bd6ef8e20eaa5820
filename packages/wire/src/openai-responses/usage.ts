import { openaiUsage } from '../answer/openai-usage.js';
import { type Fields, fieldsOf, type ReportedUsage } from '../answer/reported-usage.js';

/** `usage` of the responses API. */
export function responsesUsage(usage: Fields): ReportedUsage {
  const input = fieldsOf(usage.input_tokens_details);
  const output = fieldsOf(usage.output_tokens_details);
  return openaiUsage(usage, {
    input: usage.input_tokens,
    output: usage.output_tokens,
    cached: input.cached_tokens,
    written: input.cache_write_tokens,
    inputAudio: input.audio_tokens,
    reasoning: output.reasoning_tokens,
    outputAudio: output.audio_tokens,
  });
}

/** Output items of calls that the client runs. */
const clientRun: ReadonlySet<string> = new Set(
  'function_call custom_tool_call computer_call local_shell_call shell_call apply_patch_call tool_search_call'.split(
    ' ',
  ),
);

/**
 * Uses of the responses API's server-side tools, by name: counted from the output items (`mcp_call`, `image_generation_call`, …), since its
 * usage object lacks them.
 */
export function toolRequestsIn(output: unknown): Readonly<Record<string, number>> {
  const requests = new Map<string, number>();
  for (const item of Array.isArray(output) ? output : []) {
    const { type } = fieldsOf(item);
    if (typeof type !== 'string' || !type.endsWith('_call') || clientRun.has(type)) continue;
    const tool = type.slice(0, -'_call'.length);
    requests.set(tool, (requests.get(tool) ?? 0) + 1);
  }
  return Object.fromEntries(requests);
}
