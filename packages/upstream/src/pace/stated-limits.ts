import type { ProviderUnit, StatedLimit } from '@tollgate/core/internal';

/** A header of an answer, by its name in lower case. */
export type HeaderOf = (name: string) => string | null | undefined;

const longestMs = 86_400_000;

interface Names {
  readonly unit: ProviderUnit;
  readonly remaining: string;
  readonly limit: string;
  readonly reset: string;
}

const openAi = (unit: ProviderUnit, name: string): Names => ({
  unit,
  remaining: `x-ratelimit-remaining-${name}`,
  limit: `x-ratelimit-limit-${name}`,
  reset: `x-ratelimit-reset-${name}`,
});
const anthropic = (unit: ProviderUnit, name: string): Names => ({
  unit,
  remaining: `anthropic-ratelimit-${name}-remaining`,
  limit: `anthropic-ratelimit-${name}-limit`,
  reset: `anthropic-ratelimit-${name}-reset`,
});
const openAiNames = [openAi('requests', 'requests'), openAi('tokens', 'tokens')];
const anthropicNames = [
  anthropic('requests', 'requests'),
  anthropic('inputTokens', 'input-tokens'),
  anthropic('outputTokens', 'output-tokens'),
];
const anthropicTokens = anthropic('tokens', 'tokens');

/**
 * The rate limits stated in a response: OpenAI's `x-ratelimit-{limit,remaining,reset}-*`, which many others send too, or Anthropic's
 * `anthropic-ratelimit-*-{limit,remaining,reset}`, of input and output tokens separately. Negative figures, as Azure sends them, mean
 * unknown. `nowMs`: since the epoch.
 */
export function statedLimits(headerOf: HeaderOf, nowMs: number): StatedLimit[] {
  const limits: StatedLimit[] = [];
  const add = (names: Names): void => {
    const remaining = wholeNumber(headerOf(names.remaining));
    if (remaining === undefined) return;
    const limit = wholeNumber(headerOf(names.limit));
    const resetMs = resetIn(headerOf(names.reset), nowMs);
    limits.push({ unit: names.unit, limit: limit === 0 ? undefined : limit, remaining, resetMs });
  };
  openAiNames.forEach(add);
  if (limits.length > 0) return limits;
  anthropicNames.forEach(add);
  if (limits.every(({ unit }) => unit === 'requests')) add(anthropicTokens);
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
