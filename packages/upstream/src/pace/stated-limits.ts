import type { ProviderUnit, StatedLimit } from '@tollgate/core';

/** A header of an answer, by its name in lower case. */
export type HeaderOf = (name: string) => string | null | undefined;

const longestMs = 86_400_000;

const openAiUnits = [
  ['requests', 'requests'],
  ['tokens', 'tokens'],
] as const;
const anthropicUnits = [
  ['requests', 'requests'],
  ['inputTokens', 'input-tokens'],
  ['outputTokens', 'output-tokens'],
] as const;

/**
 * The rate limits that an answer states: OpenAI's `x-ratelimit-{limit,remaining,reset}-*`, as many others send them too, or Anthropic's
 * `anthropic-ratelimit-*-{limit,remaining,reset}`, of input and output tokens rather than of both together. Negative figures, as Azure sends them,
 * mean that nobody knows. `nowMs`: since the epoch.
 */
export function statedLimits(headerOf: HeaderOf, nowMs: number): StatedLimit[] {
  const limits: StatedLimit[] = [];
  const add = (unit: ProviderUnit, nameOf: (part: string) => string): void => {
    const remaining = wholeNumber(headerOf(nameOf('remaining')));
    if (remaining === undefined) return;
    const limit = wholeNumber(headerOf(nameOf('limit')));
    const resetMs = resetIn(headerOf(nameOf('reset')), nowMs);
    limits.push({ unit, limit: limit === 0 ? undefined : limit, remaining, resetMs });
  };
  for (const [unit, name] of openAiUnits) add(unit, (part) => `x-ratelimit-${part}-${name}`);
  if (limits.length > 0) return limits;
  for (const [unit, name] of anthropicUnits) add(unit, (part) => `anthropic-ratelimit-${name}-${part}`);
  if (limits.every(({ unit }) => unit === 'requests')) {
    add('tokens', (part) => `anthropic-ratelimit-tokens-${part}`);
  }
  return limits;
}

function wholeNumber(text: string | null | undefined): number | undefined {
  return text !== undefined && text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** A Go duration (`6m0s`, `12ms`), seconds, or a time of RFC 3339. */
function resetIn(text: string | null | undefined, nowMs: number): number | undefined {
  if (text === undefined || text === null || text === '' || text.length > 40) return undefined;
  const duration = /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)(?:s|$))?(?:(\d+(?:\.\d+)?)ms)?$/.exec(
    text,
  );
  const [, hours = 0, minutes = 0, seconds = 0, milliseconds = 0] = duration ?? [];
  const inMs = duration
    ? ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000 + Number(milliseconds)
    : Date.parse(text) - nowMs;
  return Number.isFinite(inMs) ? Math.min(Math.max(0, inMs), longestMs) : undefined;
}
