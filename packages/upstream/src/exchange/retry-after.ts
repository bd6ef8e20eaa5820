/** Waits up to this long are forwarded as worth a retry, in ms; official SDKs wait as long as the header states. */
const maxRetryMs = 60_000;
/** Longer waits than this are not named at all. */
const maxNamedMs = 3_600_000;

/** The advice on waiting for a client, ready for a TollgateError. */
export interface RetryAdvice {
  readonly retryAfterMs?: number | false;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Converts a provider's `retry-after-ms` or `retry-after` (seconds or an HTTP date) to the client's advice: up to a minute unchanged;
 * longer waits are stated without an instruction to wait; beyond an hour only that a retry is useless.
 */
export function retryAdvice(headers: Readonly<Record<string, string>>, nowMs: number): RetryAdvice {
  const waitMs = statedWaitMs((name) => headers[name], nowMs);
  if (waitMs === undefined) return {};
  if (waitMs <= maxRetryMs) return { retryAfterMs: waitMs };
  if (waitMs > maxNamedMs) return { retryAfterMs: false };
  return { retryAfterMs: false, headers: { 'Retry-After': String(Math.ceil(waitMs / 1000)) } };
}

/** The wait that a provider requests, in ms, by `retry-after-ms`, then `retry-after`; `undefined` where neither is readable. */
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

/** A response head's advice on retries: how long to wait first, and whether a retry is useless. */
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
