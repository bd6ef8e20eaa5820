import { firstInstantAtLocal, zoneOffsetMs, zoneTransitionMs } from '../lib/time-zone.js';
import type { CalendarWindow, WindowSpan } from './window.js';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** The last computed span, by window: in frequent use one look-up and two comparisons. */
const latest = new WeakMap<CalendarWindow, WindowSpan>();

/**
 * The window that contains an instant (ms since the epoch). Windows of one definition are contiguous, never overlap, and are instants: a
 * day has 23 or 25 hours where clocks change. A day begins at the first instant of its date, also where midnight is skipped or occurs
 * twice. Throws a `RangeError` where the time zone is unknown.
 *
 * Ids rise with time and name the window's start: `2026-11` (month from the 1st), `2026-11-21` (day, week, month from another day),
 * `2026-11-21T14`, `2026-11-21T14:05`; in zones other than UTC hours and minutes carry their offset (`2026-10-25T02+02:00`), so that the
 * repeated hour has two ids.
 */
export function calendarSpan(window: CalendarWindow, atMs: number): WindowSpan {
  const known = latest.get(window);
  if (known && atMs >= known.startMs && atMs < known.endMs) return known;
  const span =
    window.period === 'minute' || window.period === 'hour' ? clockSpan(window, atMs) : dateSpan(window, atMs);
  latest.set(window, span);
  return span;
}

/** The window of that id, whatever the time is; `undefined` where the definition has none of that name. */
export function calendarSpanOf(window: CalendarWindow, id: string): WindowSpan | undefined {
  const [, date, clock = '00', sign, offset = '00:00:00'] = idForm.exec(id) ?? [];
  const localMs = Date.parse(`${date}T${clock}:00Z`);
  const offsetMs = Date.parse(`1970-01-01T${offset}Z`) * (sign === '-' ? -1 : 1);
  if (Number.isNaN(localMs + offsetMs)) return undefined;
  // The name of a day does not contain its zone: it begins up to half a day sooner or later.
  const span = calendarSpan(window, localMs - offsetMs);
  if (span.id === id) return span;
  const next = calendarSpan(window, span.endMs);
  return next.id === id ? next : undefined;
}

const idForm = /^(\d{4}-\d\d(?:-\d\d)?)(?:T(\d\d(?::\d\d)?)(?:([+-])([\d:]+))?)?$/;

/** Minutes and hours: whole ones of the offset in force, cut short where the offset changes in the middle. */
function clockSpan({ period, timeZone }: CalendarWindow, atMs: number): WindowSpan {
  const lengthMs = period === 'hour' ? hourMs : minuteMs;
  const offsetMs = timeZone === 'UTC' ? 0 : zoneOffsetMs(timeZone, atMs);
  const localMs = Math.floor((atMs + offsetMs) / lengthMs) * lengthMs;
  const wholeMs = localMs - offsetMs;
  const name = new Date(localMs).toISOString().slice(0, period === 'hour' ? 13 : 16);
  if (timeZone === 'UTC') return { id: name, startMs: wholeMs, endMs: wholeMs + lengthMs };
  return {
    id: name + offsetName(offsetMs),
    startMs: zoneTransitionMs(timeZone, wholeMs, atMs) ?? wholeMs,
    endMs: zoneTransitionMs(timeZone, atMs, wholeMs + lengthMs) ?? wholeMs + lengthMs,
  };
}

function offsetName(offsetMs: number): string {
  const seconds = Math.abs(offsetMs) / 1000;
  const clock = new Date(seconds * 1000).toISOString();
  return (offsetMs < 0 ? '-' : '+') + clock.slice(11, seconds % 60 === 0 ? 16 : 19);
}

/** Days, weeks and months: from one local date to another. */
function dateSpan(window: CalendarWindow, atMs: number): WindowSpan {
  const { timeZone } = window;
  const start = (index: number): number => {
    const localMs = dateOf(window, index);
    return timeZone === 'UTC' ? localMs : firstInstantAtLocal(timeZone, localMs);
  };
  let index = indexOf(window, timeZone === 'UTC' ? atMs : atMs + zoneOffsetMs(timeZone, atMs));
  // Where midnight occurs twice, the local date can lag behind the window, never run ahead of it.
  while (start(index + 1) <= atMs) index += 1;
  const date = new Date(dateOf(window, index)).toISOString();
  const wholeMonth = window.period === 'month' && window.anchorDay === 1;
  return { id: date.slice(0, wholeMonth ? 7 : 10), startMs: start(index), endMs: start(index + 1) };
}

/** Number of the period that a local time falls into. */
function indexOf(window: CalendarWindow, localMs: number): number {
  if (window.period === 'month') {
    const local = new Date(localMs);
    const month = local.getUTCFullYear() * 12 + local.getUTCMonth();
    return dateOf(window, month) > localMs ? month - 1 : month;
  }
  const day = Math.floor(localMs / dayMs);
  return window.period === 'day' ? day : Math.floor((day - weekShift(window)) / 7);
}

/** Local midnight on which the period of that number begins, written as if it were UTC. */
function dateOf(window: CalendarWindow, index: number): number {
  if (window.period === 'day') return index * dayMs;
  if (window.period === 'week') return (index * 7 + weekShift(window)) * dayMs;
  const [year, month] = [Math.floor(index / 12), ((index % 12) + 12) % 12];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(window.anchorDay, lastDay));
}

/** Day 0 of the epoch was a Thursday, the fourth day of its week. */
const weekShift = ({ anchorDay }: CalendarWindow): number => anchorDay - 4;
