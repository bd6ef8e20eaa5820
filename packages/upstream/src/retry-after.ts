/** Waits up to this long are passed on as worth a retry; official SDKs sleep out whatever they are told. */
const maxRetryMs = 60_000;
/** Longer waits than this are not named at all. */
const maxNamedMs = 3_600_000;

/** What a client is told about waiting, ready for a TollgateError. */
export interface RetryAdvice {
  readonly retryAfterMs?: number | false;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Turns a provider's `retry-after-ms` or `retry-after` (seconds or an HTTP date) into what our client is told: up to a minute as
 * it is; longer waits are named, without an invitation to sleep them out; beyond an hour nothing is said but that a retry is useless.
 */
export function retryAdvice(headers: Readonly<Record<string, string>>, nowMs: number): RetryAdvice {
  const waitMs = statedWaitMs((name) => headers[name], nowMs);
  if (waitMs === undefined) return {};
  if (waitMs <= maxRetryMs) return { retryAfterMs: waitMs };
  if (waitMs > maxNamedMs) return { retryAfterMs: false };
  return { retryAfterMs: false, headers: { 'Retry-After': String(Math.ceil(waitMs / 1000)) } };
}

/** How long a provider asks to wait, in ms, by `retry-after-ms`, then `retry-after`; `undefined` where it says nothing legible. */
export function statedWaitMs(
  headerOf: (name: string) => string | undefined,
  nowMs: number,
): number | undefined {
  const exact = numberOf(headerOf('retry-after-ms'));
  if (exact !== undefined) return exact;
  const text = headerOf('retry-after');
  const seconds = numberOf(text);
  if (seconds !== undefined) return seconds * 1000;
  // Only dates as HTTP writes them: Date.parse would also take a "-1" for one.
  const date = text !== undefined && /^[A-Z][a-z]{2},/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}(?:\.\d{1,6})?$/.test(text.trim()) ? Number(text) : undefined;
}

/** What the head of an answer says about trying again: how long to wait first, and whether it is useless. */
export function retryWishes(
  status: number,
  headers: Readonly<Record<string, string>>,
): { retryAfterMs: number | undefined; retryUseless: boolean } {
  if (status < 400) return { retryAfterMs: undefined, retryUseless: false };
  return {
    retryAfterMs: statedWaitMs((name) => headers[name], Date.now()),
    retryUseless: headers['x-should-retry']?.toLowerCase() === 'false',
  };
}
