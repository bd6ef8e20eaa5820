import type { Family } from './route.js';
import type { FaultScript } from './script.js';

/** The remaining amounts in each family's headers: plenty, or nothing when `exhausted`. `resetSeconds` from `nowMs`. */
export function rateLimitHeaders(
  family: Family,
  exhausted: boolean,
  resetSeconds: number,
  nowMs: number,
): Record<string, string> {
  if (family === 'gemini') return {};
  const left = (plenty: string): string => (exhausted ? '0' : plenty);
  if (family === 'anthropic') {
    const reset = new Date(Math.ceil((nowMs + resetSeconds * 1000) / 1000) * 1000)
      .toISOString()
      .replace('.000Z', 'Z');
    const headers: Record<string, string> = {};
    for (const [unit, limit, remaining] of [
      ['requests', '4000', '3999'],
      ['tokens', '480000', '479000'],
      ['input-tokens', '400000', '399000'],
      ['output-tokens', '80000', '80000'],
    ] as const) {
      headers[`anthropic-ratelimit-${unit}-limit`] = limit;
      headers[`anthropic-ratelimit-${unit}-remaining`] = left(remaining);
      headers[`anthropic-ratelimit-${unit}-reset`] = reset;
    }
    return headers;
  }
  const azure = family === 'azure';
  return {
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-limit-tokens': '2000000',
    'x-ratelimit-remaining-requests': left('9999'),
    'x-ratelimit-remaining-tokens': left('1999900'),
    'x-ratelimit-reset-requests': azure
      ? String(Math.ceil(resetSeconds))
      : exhausted
        ? goDuration(resetSeconds)
        : '6ms',
    'x-ratelimit-reset-tokens': azure
      ? exhausted
        ? String(Math.ceil(resetSeconds))
        : '-1'
      : exhausted
        ? goDuration(resetSeconds)
        : '3ms',
  };
}

/** Seconds as Go writes a duration: `6m0s`, `1.5s`, `12ms`. */
export function goDuration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)}ms`;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${Number((seconds % 60).toFixed(3))}s`;
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${rest}`;
}

/** `retry-after` and `retry-after-ms` as scripted. */
export function retryHeaders(script: FaultScript): Record<string, string> {
  return {
    ...(script.retryAfterSeconds === undefined ? {} : { 'retry-after': String(script.retryAfterSeconds) }),
    ...(script.retryAfterMs === undefined ? {} : { 'retry-after-ms': String(script.retryAfterMs) }),
  };
}
