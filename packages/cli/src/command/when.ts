import { UsageError } from './failure.js';

const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Reads `90s`, `15m`, `24h`, `30d` or `2w` as milliseconds. Throws a {@link UsageError}. */
export function durationMs(option: string, text: string): number {
  const [, amount, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const ms = Number(amount) * (unitMs[unit] ?? Number.NaN);
  if (Number.isSafeInteger(ms)) return ms;
  throw new UsageError(
    `${option} must be a time such as 90s, 15m, 24h, 30d or 2w, received ${JSON.stringify(text)}`,
  );
}

/** Reads a date (`2027-01-31`, midnight UTC, or with a time), or a time from now (`30d`), as ms since the epoch. Throws a {@link UsageError}. */
export function momentMs(option: string, text: string, nowMs: number): number {
  if (/^\d{1,6}[smhdw]$/.test(text)) return nowMs + durationMs(option, text);
  const atMs = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(atMs)) return atMs;
  throw new UsageError(
    `${option} must be a date such as 2027-01-31 or 2027-01-31T12:00:00Z, or a time from now such as 30d, received ${JSON.stringify(text)}`,
  );
}

/** A moment as people and scripts read it, in UTC; `undefined` where there is none. */
export function isoOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString().replace('.000Z', 'Z');
}
