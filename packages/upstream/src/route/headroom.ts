/** What one rate limit of a provider leaves, and until when that holds, in ms since the epoch. */
interface Left {
  readonly amount: number;
  readonly untilMs: number;
}

/** What a provider's rate limits leave at the moment, as far as it says. */
export interface Headroom {
  readonly requests: Left | undefined;
  readonly tokens: Left | undefined;
}

/** Limits without a time of reset are those of a minute. */
const usualMs = 60_000;
const mostMs = 3_600_000;

/**
 * Reads OpenAI's `x-ratelimit-remaining-*` and Anthropic's `anthropic-ratelimit-*-remaining` off an answer; `undefined` where it has
 * none. Negative figures, as Azure sends them, mean that nobody knows.
 */
export function headroomOf(headers: Readonly<Record<string, string>>, nowMs: number): Headroom | undefined {
  const read = (unit: 'requests' | 'tokens'): Left | undefined => {
    const left = headers[`x-ratelimit-remaining-${unit}`] ?? headers[`anthropic-ratelimit-${unit}-remaining`];
    if (left === undefined || !/^\d{1,15}$/.test(left)) return undefined;
    const reset = headers[`x-ratelimit-reset-${unit}`] ?? headers[`anthropic-ratelimit-${unit}-reset`];
    return { amount: Number(left), untilMs: resetMs(reset, nowMs) };
  };
  const requests = read('requests');
  const tokens = read('tokens');
  return requests || tokens ? { requests, tokens } : undefined;
}

/** Whether a request of so many tokens fits in. */
export function fitsIn(headroom: Headroom | undefined, tokens: number, nowMs: number): boolean {
  const leaves = (left: Left | undefined, amount: number): boolean =>
    left === undefined || nowMs >= left.untilMs || left.amount >= amount;
  return leaves(headroom?.requests, 1) && leaves(headroom?.tokens, tokens);
}

/** A Go duration (`6m0s`, `12ms`), seconds, or a time of RFC 3339. */
function resetMs(text: string | undefined, nowMs: number): number {
  if (text === undefined || text === '' || text.length > 40) return nowMs + usualMs;
  const duration = /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)(?:s|$))?(?:(\d+(?:\.\d+)?)ms)?$/.exec(
    text,
  );
  const [, hours = 0, minutes = 0, seconds = 0, milliseconds = 0] = duration ?? [];
  const untilMs = duration
    ? nowMs + ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000 + Number(milliseconds)
    : Date.parse(text);
  return Number.isFinite(untilMs) ? Math.min(untilMs, nowMs + mostMs) : nowMs + usualMs;
}
