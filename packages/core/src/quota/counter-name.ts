import { calendarSpan } from '../plans/calendar-window.js';
import type { CalendarPeriod, CalendarWindow, WindowSpan } from '../plans/window.js';
import type { ScopeSpan } from './spend-source.js';

/** The definition of a counter's limit, see `definitionOf`. */
export const definitionIn = (counter: string): string => counter.replace(/=[^/]*/g, '');

/**
 * The calendar window with that id, by the counter's name, e.g. `usd/month@Europe/Berlin+15/tenant=acme`: the one that is open at `nowMs`,
 * or the one before or after it. `undefined`: another, or no calendar window.
 */
export function spanNamed(counter: string, windowId: string, nowMs: number): WindowSpan | undefined {
  const [name = ''] = counter.split(/\/[^/=]+=/);
  const [, period, rest = ''] = /^\w+\/(minute|hour|day|week|month)(.*)$/.exec(name) ?? [];
  if (period === undefined) return undefined;
  for (const window of windowsNamed(period as CalendarPeriod, rest)) {
    const span = calendarSpan(window, nowMs);
    const spans = [span, calendarSpan(window, span.startMs - 1), calendarSpan(window, span.endMs)];
    const found = spans.find(({ id }) => id === windowId);
    if (found) return found;
  }
  return undefined;
}

/** `@zone+anchor`, where a zone may end in `+5` itself. */
function windowsNamed(period: CalendarPeriod, rest: string): CalendarWindow[] {
  const zoned = rest.startsWith('@');
  const [, zone = '', anchor = '1'] = /^@?(.*?)(?:\+(\d+))?$/.exec(rest) ?? [];
  const named = [
    { timeZone: zoned ? zone : 'UTC', anchorDay: Number(anchor) },
    { timeZone: zoned ? rest.slice(1) : 'UTC', anchorDay: 1 },
  ];
  return named
    .filter(({ timeZone }) => isZone(timeZone))
    .map(({ timeZone, anchorDay }) => ({ kind: 'calendar', period, timeZone, anchorDay }));
}

function isZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}

const units = ['usd', 'tokens', 'inputTokens', 'outputTokens'] as const;
const scopes: readonly string[] = [
  'tenant',
  'team',
  'user',
  'key',
  'route',
  'model',
] satisfies (keyof ScopeSpan['scope'])[];

/** Whether it is a long value of a scope, of which the counter's name has only a hash. */
export const isHash = (text: string): boolean => text.startsWith('sha256-');

/** `undefined` for a text that no counter has been given by us, or that no database can compare. */
function decoded(text: string): string | undefined {
  try {
    const value = decodeURIComponent(text);
    return value.includes('\0') ? undefined : value;
  } catch {
    return undefined;
  }
}

/** The calls that a counter counts in a window; `undefined` where usage events do not tell. */
export function scopeSpanOf(
  counter: string,
  { startMs, endMs }: Pick<WindowSpan, 'startMs' | 'endMs'>,
): ScopeSpan | undefined {
  const unit = units.find((one) => counter.startsWith(`${one}/`));
  if (unit === undefined) return undefined;
  const scope: Record<string, string> = {};
  for (const [, name = '', text = ''] of counter.matchAll(/\/([^/=]+)=([^/]*)/g)) {
    if (name === 'global') continue;
    const value = isHash(text) ? undefined : decoded(text);
    if (!scopes.includes(name) || value === undefined) return undefined;
    scope[name] = value;
  }
  return { unit, scope, startMs, endMs };
}
