/** A calendar period; every window of it is `[start, end)` in milliseconds since the epoch. */
export type CalendarPeriod = 'minute' | 'hour' | 'day' | 'week' | 'month';

/** Counts from a calendar boundary to the next. A charge belongs to the window that admitted it. */
export interface CalendarWindow {
  readonly kind: 'calendar';
  readonly period: CalendarPeriod;
  /** IANA time zone in which days, weeks and months begin, e.g. `Europe/Berlin`. */
  readonly timeZone: string;
  /** Day on which a month begins (1 to 31, clamped to the month's last), or a week (1 Monday to 7 Sunday). 1 elsewhere. */
  readonly anchorDay: number;
}

/** Refills `rate` units each `periodMs`, holds at most `burst`: admitted ≤ burst + rate × t over any interval. */
export interface TokenBucket {
  readonly kind: 'bucket';
  readonly rate: number;
  readonly periodMs: number;
  readonly burst: number;
}

/** No time at all: counts live leases, for `concurrent`. */
export interface LiveWindow {
  readonly kind: 'live';
}

export type Window = CalendarWindow | TokenBucket | LiveWindow;

/** One window in time. `id` differs for each, e.g. `2026-11-21`; a reset is a new id, never a counter set to 0. */
export interface WindowSpan {
  readonly id: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** A window's name as a part of counter keys and header names: `day`, `month@Europe/Berlin+15`, `60000ms`, `live`. */
export function windowName(window: Window): string {
  if (window.kind === 'live') return 'live';
  if (window.kind === 'bucket') return `${window.periodMs}ms`;
  const zone = window.timeZone === 'UTC' ? '' : `@${window.timeZone}`;
  const anchor = window.anchorDay === 1 ? '' : `+${window.anchorDay}`;
  return `${window.period}${zone}${anchor}`;
}
